"""Packets as HTML: a box for each header, the outermost left."""

from __future__ import annotations

import html

from course_lib.network.packet import Packet

LOOKS = {
    "Ethernet": ("#BBBBBB", "black"),
    "IP": ("#0072B2", "white"),
    "IPv6": ("#0072B2", "white"),
    "TCP": ("#56B4E9", "black"),
    "UDP": ("#56B4E9", "black"),
    "VXLAN": ("#E69F00", "black"),
    "Sleeve": ("#E69F00", "black"),
    "ESP": ("#666666", "white"),
}
STYLE = """
<style>
.course-packet {font: 12px/1.5 sans-serif; color: var(--jp-ui-font-color1, black);}
.course-packet .header {display: inline-block; border-radius: 4px; padding: 2px 7px;
  margin: 2px 3px 2px 0;}
.course-packet .payload {display: inline-block; border: 1px dashed #888; border-radius: 4px;
  padding: 1px 7px;}
.course-packet .place {display: inline-block; border: 1px solid #888; border-radius: 4px;
  padding: 1px 6px; margin: 2px;}
.course-packet .here {border: 2px solid #D55E00; font-weight: bold;}
.course-packet pre {font-size: 11px; line-height: 1.35; margin: 4px 0; background: transparent;
  color: inherit; white-space: pre-wrap;}
.course-packet table {border-collapse: collapse;}
.course-packet td, .course-packet th {padding: 1px 10px 1px 0; text-align: left;
  vertical-align: top;}
.course-packet .bar {display: inline-block; height: 11px; background: #0072B2;}
</style>
"""


def headers(packet: Packet) -> str:
    """The headers of a packet, and its payload."""
    found = []
    for header in packet.headers:
        text = str(header)
        background, ink = LOOKS[text.split(" ")[0]]
        found.append(
            f'<span class="header" style="background:{background};color:{ink}" '
            f'title="{header.size} bytes">{html.escape(text)}</span>'
        )
    marks = f", mark {packet.mark:#x}" if packet.mark else ""
    cut = f", in {packet.fragments} pieces" if packet.fragments > 1 else ""
    return "".join(found) + f'<span class="payload">{packet.payload} bytes{marks}{cut}</span>'
