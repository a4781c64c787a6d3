"""Stripe as a way to pay: Checkout, Customer Portal, signed events, refunds, and the comparison of books.

A payment has one key in the ledger, whichever event tells of it: the id of its PaymentIntent. An invoice's
payment is looked through to its PaymentIntent too; only an invoice that was settled without one (by credit
of the customer's, or out of band) is known by the id of the invoice. Refunds and disputes are known by their
own ids and refer to the payment's key.

Events only say that something is to be looked at. What is written down comes from the objects as Stripe
shows them then: so events may come twice, late, or in any order.
"""
