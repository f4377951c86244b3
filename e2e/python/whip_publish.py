"""Publish a WAV file over WHIP with aiortc: whip_publish.py URL TOKEN WAV DIRECTION. Until its input ends; then prints what the server answered, as JSON."""

import asyncio
import json
import re
import sys

import aiohttp
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer


async def main(url: str, token: str, wav: str, direction: str) -> None:
    connection = RTCPeerConnection()
    player = MediaPlayer(wav, loop=True)
    connection.addTransceiver(player.audio, direction=direction)
    await connection.setLocalDescription(await connection.createOffer())
    headers = {"content-type": "application/sdp", "authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http:
        async with http.post(url, data=connection.localDescription.sdp, headers=headers) as response:
            answer = await response.text()
            said = {"status": response.status, "location": response.headers.get("location"), "etag": response.headers.get("etag"), "direction": re.findall(r"^a=(recvonly|sendrecv|sendonly|inactive)\r?$", answer, re.MULTILINE)}
        if response.status != 201:
            print(json.dumps(said | {"answer": answer}))
            sys.exit(1)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.to_thread(sys.stdin.read)
        said["connection"] = connection.connectionState
        async with http.delete(str(response.url.join(aiohttp.client.URL(said["location"]))), headers=headers) as deleted:
            said["deleted"] = deleted.status
    await connection.close()
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4]))
