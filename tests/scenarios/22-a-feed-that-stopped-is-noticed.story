A feed that stopped is noticed

Feeds died unseen for a day or a month, since nobody misses what does not come. Here whoever normally sends
something and has stopped is reported to both ends, and again when it resumes.
---
person Jordan
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
after 1 days
expect no row of housing-harbor: feed list --silent
after 6 days
expect housing-harbor gets FeedNotice with from=parole-north
expect parole-north gets FeedNotice with to=housing-harbor
expect operator: feed list --silent with from=parole-north, to=housing-harbor, silent=true
# Who is no end of it sees nothing of it.
expect no row of probation-west: feed list
parole-north sends SupervisionEvent to housing-harbor about Jordan for PURPOSE_REFERRAL_COORDINATION
housing-harbor collects
expect parole-north gets FeedNotice with resumed=true
