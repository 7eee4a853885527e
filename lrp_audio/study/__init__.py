"""The listening study: do people name a network's answer more often when they hear its explanation?

``python -m lrp_audio.study build`` makes a website, ``analyse`` evaluates what participants send
back, ``simulate`` simulates participants, to test the analysis and to plan how many are needed. The
protocol is in docs/study-design.md.
"""
