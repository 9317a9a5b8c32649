Delivered is not read by a human

Receipts were given although the first copy had failed, or taken for an answer. Here custody, hand-over and a
human's receipt are three things, and each has its own word.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
expect parole-north gets no DeliveryEvidence about ROOM with kind=delivered
housing-harbor collects
expect parole-north gets DeliveryEvidence with kind=delivered
# The program at Harbor House has it. Nobody has opened it yet.
expect ROOM is REQUESTED for parole-north
expect ROOM waits for housing-harbor for parole-north
housing-harbor moves ROOM receive --worker w-21
expect ROOM is RECEIVED for parole-north
expect ROOM for parole-north shows REQUESTED, release, RECEIVED
