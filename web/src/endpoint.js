// Where this page's server answers: beside the page, whatever folder that is in.
export const endpoint = new URL('graphql', location.href.split(/[?#]/)[0]).href;
export const socket = endpoint.replace(/^http/, 'ws');
