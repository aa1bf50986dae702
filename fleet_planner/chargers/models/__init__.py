"""Siting models, each with a bound: covering, p-median, p-centre, capacitated forms, flow refuelling."""
