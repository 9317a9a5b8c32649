Supervision moves, the referrals go along

A person moved to another county, and for weeks the provider wrote to an office that had closed the file. Here the
agency that supervises from now on is the source as soon as it and the provider have been told; what was still on
its way to the former one goes to the new one, and the former one sees nothing more.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
housing-harbor collects
housing-harbor moves ROOM receive --worker w-21
expect ROOM is RECEIVED for parole-north
parole-north sends SupervisionEvent to probation-west, housing-harbor about Jordan for referral_coordination with kind=transfer, toAgency=probation-west, officer.id=w-70, officer.team=west
expect probation-west gets SupervisionEvent about Jordan with kind=transfer
# The provider has not read it: nothing has changed yet.
expect probation-west does not see ROOM
expect rows of parole-north: caseload: ROOM
expect housing-harbor gets SupervisionEvent about Jordan with toAgency=probation-west
expect ROOM is RECEIVED for probation-west
# It comes as far as the former agency had read it.
expect probation-west: referral watch --once with referralId={ROOM}, takenOver=true, toState=REQUESTED
expect rows of probation-west: caseload --officer w-70: ROOM
expect rows of probation-west: caseload --team west: ROOM
expect probation-west gets ReferralResponse about ROOM with status=received
expect parole-north does not see ROOM
expect rows of parole-north: caseload: nothing
expect parole-north gets no ReferralResponse about ROOM
# The provider's records still name the former agency.
housing-harbor sends InfoRequest to parole-north about ROOM for referral_coordination
expect probation-west gets InfoRequest about ROOM
expect parole-north gets no InfoRequest about ROOM
expect ROOM waits for probation-west for housing-harbor
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
expect probation-west gets ReferralResponse about ROOM with status=accepted
expect ROOM is ACCEPTED for probation-west
