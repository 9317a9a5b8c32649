Some can only say after they have seen you

"How many places?" has no number where a clinic must assess first; a zero or a guess was published instead. Here
that is a status of its own: it is found, it is not counted as free, and nothing can be held on it.
---
id PLACE
treatment-south sends ServiceEntry with serviceId=outpatient, agency=treatment-south, needs=detox|
treatment-south runs capacity set --service outpatient --unit slot --available 0 --status assess_first
expect parole-north: service find --need detox with service=outpatient, capacities.status=assess_first, free=0
expect no row of parole-north: service find --need detox --free
expect refused no_capacity: parole-north runs capacity hold --service outpatient --unit slot --until +1d --lease {PLACE} --actor w-104
