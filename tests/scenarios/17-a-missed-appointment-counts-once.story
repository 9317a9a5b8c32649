A missed appointment counts once

Attendance was counted twice: a late arrival and a corrected record both stayed in the sum. Here a record that
is corrected names the one it corrects, and only the live one counts.
---
person Jordan
id FIRST
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
housing-harbor moves ROOM schedule --start +1d --minutes 30 --appointment {FIRST}
expect ROOM is SCHEDULED for housing-harbor
expect parole-north gets AppointmentScheduled about ROOM
expect parole-north: appointment list {ROOM} with state=BOOKED, appointmentId={FIRST}
after 1 days
after 1 hours
housing-harbor sends AttendanceRecord about ROOM for referral_coordination as MISSED with appointmentId={FIRST}, status=did_not_attend, absenceReason=unacceptable
expect parole-north gets AttendanceRecord about ROOM
expect ROOM is ACCEPTED for parole-north
expect parole-north: appointment list {ROOM} with state=DID_NOT_ATTEND, reason=unacceptable
# They had come, late, and had waited at the other door.
expect refused illegal_transition: housing-harbor sends AttendanceRecord about ROOM for referral_coordination with appointmentId={FIRST}, status=attended_late, lateMinutes=20
housing-harbor sends AttendanceRecord about ROOM for referral_coordination with appointmentId={FIRST}, status=attended_late, lateMinutes=20, supersedes={MISSED}
expect parole-north gets AttendanceRecord about ROOM with status=attended_late
expect parole-north: appointment list {ROOM} with state=ATTENDED_LATE, corrections=1
expect no row of parole-north: appointment list {ROOM} with state=DID_NOT_ATTEND
