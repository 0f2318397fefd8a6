"""A pallet's device as a program: keeps readings, signs and sends batches, survives a kill."""

from aidline.device.answering import LeafDemand, answer, open_demands
from aidline.device.recording import MOST_BATCHES, Device, Pace, signed_batches
from aidline.device.replay import Alarm, Day, Excursion, Log, excursions_of, read_log
from aidline.device.running import Summary, run
from aidline.device.sources import LineSource, MqttSource, ReadingSource, Source, source_of
from aidline.device.spool import Journal, Spool
from aidline.device.uplink import Sender, Uplink, watch_for

__all__ = [
    "MOST_BATCHES",
    "Alarm",
    "Day",
    "Device",
    "Excursion",
    "Journal",
    "LeafDemand",
    "LineSource",
    "Log",
    "MqttSource",
    "Pace",
    "ReadingSource",
    "Sender",
    "Source",
    "Spool",
    "Summary",
    "Uplink",
    "answer",
    "excursions_of",
    "open_demands",
    "read_log",
    "run",
    "signed_batches",
    "source_of",
    "watch_for",
]
