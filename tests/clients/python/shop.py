"""Asks a served shop with gql, and prints what was answered as JSON.

    python shop.py URL SOCKET_URL PRODUCT_ID

The query and the mutation go over HTTP (aiohttp), checked against the schema that the server tells; the
subscription goes over a WebSocket, in each of the sub-protocols.
"""

import asyncio
import json
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

PRODUCT = gql("query($id: ID!) { product(id: $id) { asOf stock } }")
RECEIVE = gql("mutation($input: ReceiveStockInput!) { receiveStock(input: $input) { position errors { code } } }")
EVENTS = gql("subscription($after: Position) { events(after: $after) { position type } }")
UNKNOWN = gql('query { user(id: "no such id") { id } }')


async def main(url, socket_url, product_id):
    answers = {}
    async with Client(transport=AIOHTTPTransport(url), fetch_schema_from_transport=True) as session:
        answers["query"] = await session.execute(PRODUCT, variable_values={"id": product_id})
        receive = {"input": {"productId": product_id, "quantity": 2}}
        answers["mutation"] = await session.execute(RECEIVE, variable_values=receive)
        try:
            await session.execute(UNKNOWN)
        except TransportQueryError as error:
            answers["error"] = error.errors[0]["extensions"]["code"]
    last = answers["mutation"]["receiveStock"]["position"]
    # By default gql offers both sub-protocols, the older one first.
    answers["subscription"] = await followed(WebsocketsTransport(url=socket_url), last)
    newer = WebsocketsTransport(url=socket_url, subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL])
    answers["newer"] = await followed(newer, last)
    print(json.dumps(answers))


async def followed(transport, last):
    events = []
    async with Client(transport=transport) as session:
        async for result in session.subscribe(EVENTS, variable_values={"after": "0"}):
            events.append(result["events"])
            if events[-1]["position"] == last:
                return events


asyncio.run(main(*sys.argv[1:]))
