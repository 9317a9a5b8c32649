A meeting that was moved keeps its past

Rescheduling used to overwrite the appointment, and with it who had asked for it and how often. Here a moved
meeting is a chain, and a meeting without a record is asked about.
---
person Jordan
id FIRST, SECOND
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
housing-harbor moves ROOM schedule --start +1d --minutes 30 --appointment {FIRST}
housing-harbor sends AppointmentChanged about ROOM for referral_coordination with appointmentId={SECOND}, supersedes={FIRST}, kind=rescheduled, start=+3d, requestedBy=person
expect housing-harbor: appointment list {ROOM} with appointmentId={FIRST}, state=RESCHEDULED, successor={SECOND}
# The office has not been handed it yet, and to it the first meeting stands.
expect no row of parole-north: appointment list {ROOM} with state=RESCHEDULED
parole-north collects
expect parole-north: appointment list {ROOM} with appointmentId={FIRST}, state=RESCHEDULED
expect parole-north: appointment list {ROOM} with appointmentId={SECOND}, state=BOOKED, supersedes={FIRST}
after 4 days
expect housing-harbor: appointment list {ROOM} with appointmentId={SECOND}, state=AWAITING_FEEDBACK
