"""Certificates and requests for them: how they are written, read, and checked.

Source: RFC 5280 (X.509), RFC 2986 (PKCS #10), ITU-T X.690 (DER).
"""
