limit = 400_000
sieve = bytearray([1]) * (limit + 1)
sieve[0] = sieve[1] = 0
p = 2
while p * p <= limit:
    if sieve[p]:
        for multiple in range(p * p, limit + 1, p):
            sieve[multiple] = 0
    p += 1
primes = [i for i, prime in enumerate(sieve) if prime]
