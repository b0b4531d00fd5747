//! The edge: schema assembly, HTTP, WebSocket, SSE, limits, the explorer page.
