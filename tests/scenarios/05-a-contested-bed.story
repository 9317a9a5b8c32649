A bed contested by two officers

Two officers ask for the last bed on the same morning. In a directory of counts both would have been
promised it. Here one of them holds it, with an expiry, and the other is told so at once; a hold that
nobody uses gives the bed back by itself.
---
id PAROLE, PROBATION, LATER
person Jordan, Sam
housing-harbor sends ServiceEntry with serviceId=harbor-rooms, agency=housing-harbor, needs=housing|, populations=adults|
housing-harbor runs capacity set --service harbor-rooms --unit bed --available 1 --maximum 12
expect probation-west: service find --need housing --population adults with service=harbor-rooms, free=1
expect no row of probation-west: service find --need housing --population families
expect no row of probation-west: service find --need detox
parole-north runs capacity hold --service harbor-rooms --unit bed --until +2d --lease {PAROLE} --actor w-104
expect refused no_capacity: probation-west runs capacity hold --service harbor-rooms --unit bed --until +2d --lease {PROBATION} --actor w-9
expect parole-north: capacity list with free=0, leases.leaseId={PAROLE}, leases.holder=parole-north
expect housing-harbor: capacity list with leases.leaseId={PAROLE}
# To others the count is public, whose hold it is is not.
expect no row of probation-west: capacity list with leases.leaseId={PAROLE}
expect no row of probation-west: capacity list --free
expect refused unknown_lease: probation-west runs capacity release --lease {PAROLE} --actor w-9
after 3 days
expect no row of parole-north: capacity list with leases.leaseId={PAROLE}
# What was told three days ago promises nothing.
expect probation-west: capacity list with stale=true
expect refused capacity_stale: probation-west runs capacity hold --service harbor-rooms --unit bed --until +2d --lease {PROBATION} --actor w-9
housing-harbor runs capacity set --service harbor-rooms --unit bed --available 1 --maximum 12
probation-west runs capacity hold --service harbor-rooms --unit bed --until +2d --lease {PROBATION} --actor w-9
expect refused no_capacity: parole-north runs capacity hold --service harbor-rooms --unit bed --until +2d --lease {LATER} --actor w-104
