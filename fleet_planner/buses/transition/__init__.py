"""Which bus goes electric when: replacement plan, agencies' forms, trucks and vans by duty."""
