A weekend is not a delay

A deadline that counts Sundays teaches people to ignore it. Clocks count the working days of the place whose
move it is, holidays as data, and a change of the calendar moves what is due.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
expect ROOM is due in 5 working days for housing-harbor
expect ROOM is due in 7 days for parole-north
operator sends CalendarEntry by w-1 with jurisdiction="", version=1, timeZone=UTC, offsets=|, holidays.0.date=+2D, holidays.0.name="County Day"
expect ROOM is due in 6 working days for housing-harbor
expect parole-north: calendar show with version=1, entry.holidays.name="County Day"
expect refused field_invalid: operator sends CalendarEntry by w-1 with jurisdiction="", version=1, offsets=|
