The offered bed is the held one

A provider holds a bed and offers it on a referral; the officer takes it in time, and the bed is counted as
taken when the person has moved in, once. Accepted was never enough: the bed was promised, not slept in.
---
id BED
person Jordan
housing-harbor sends ServiceEntry with serviceId=harbor-rooms, agency=housing-harbor, needs=housing|
housing-harbor runs capacity set --service harbor-rooms --unit bed --available 2 --until +30d
parole-north refers Jordan to housing-harbor as ROOM
expect housing-harbor gets Referral about ROOM
housing-harbor moves ROOM receive --worker w-21
housing-harbor runs capacity hold --service harbor-rooms --unit bed --until +3d --lease {BED} --actor w-21
housing-harbor moves ROOM offer --until +2d --lease {BED}
expect ROOM is OFFERED for parole-north
expect ROOM waits for parole-north for parole-north
parole-north moves ROOM accept
expect ROOM is ACCEPTED for housing-harbor
housing-harbor moves ROOM start
# Moved in: one bed is gone, and no hold is left.
expect parole-north: capacity list with free=1
expect no row of housing-harbor: capacity list with leases.leaseId={BED}
