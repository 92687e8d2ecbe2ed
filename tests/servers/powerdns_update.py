#!/usr/bin/python3
"""powerdns_update: the server of powerdns.py, which takes dynamic updates signed with "upd".

Usage: powerdns_update.py DIRECTORY
"""
import sys

from powerdns import serve

SECRET = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDEyMzQ1Njc="

if __name__ == "__main__":
    serve(sys.argv[1], ("upd", SECRET))
