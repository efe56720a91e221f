# Reference values for control charts and funnels, from the formulas of their papers: R's LakeHuron,
# discoveries and Seatbelts (datasets), the intervals between mining disasters (boot: coal), and the
# claims of MASS's Insurance by district, group and age against what holders would lead to expect.
# Usage: Rscript quality.R > quality.json   (R 4.2, boot, MASS, jsonlite)
suppressMessages({library(jsonlite)})
x <- as.numeric(LakeHuron); mr <- abs(diff(x)); kept <- mr[mr <= 3.267 * mean(mr)]
xmr <- mean(x) + c(0, -1, 1) * 2.66 * mean(kept)
d <- as.numeric(discoveries); c_ <- mean(d) + c(0, -1, 1) * 3 * sqrt(mean(d)); c_[2] <- max(c_[2], 0)
b <- as.data.frame(Seatbelts); n <- b$drivers; p <- b$DriversKilled / n
bar <- sum(b$DriversKilled) / sum(n); s <- sqrt(bar * (1 - bar) / n)
z <- (p - bar) / s; sigma <- mean(abs(diff(z))) / 1.128
k <- b$kms / 1000; ubar <- sum(b$DriversKilled) / sum(k)
g <- diff(floor(boot::coal$date * 365.25)); g <- g[g > 0]
gbar <- mean(g); gl <- gbar + c(0, -1, 1) * 3 * sqrt(gbar * (gbar + 1)); gl[2] <- max(gl[2], 0)
y <- g^(1 / 3.6); tl <- pmax(mean(y) + c(0, -1, 1) * 2.66 * mean(abs(diff(y))), 0)^3.6
i <- MASS::Insurance; o <- i$Claims; e <- i$Holders * sum(o) / sum(i$Holders)
fz <- 2 * (sqrt(o) - sqrt(e)); m <- length(fz); cut <- floor(0.1 * m); r <- sort(fz)
w <- pmin(pmax(fz, r[cut + 1]), r[m - cut]); phi <- mean(w^2); wt <- 4 * e
tau <- max(0, (sum(w^2) - (m - 1)) / (sum(wt) - sum(wt^2) / sum(wt)))
fz2 <- fz / sqrt(1 + 4 * e * tau); reach <- qnorm(0.999) * sqrt(1 / (4 * e) + tau)
write(toJSON(list(
  xmr = xmr, c = c_, p = c(bar, bar - 3 * s[5], bar + 3 * s[5]),
  pprime = c(bar, bar - 3 * sigma * s[5], bar + 3 * sigma * s[5]),
  u = ubar + c(0, -1, 1) * 3 * sqrt(ubar / k[5]), g = gl, t = tl,
  median = median(x),
  funnel = list(dispersion = phi, between = tau, z = fz2[1:12], lower = (pmax(1 - reach, 0)^2)[1:12],
                upper = ((1 + reach)^2)[1:12], outliers = sum(abs(fz2) > qnorm(0.999)))
), digits = 12, auto_unbox = TRUE, pretty = TRUE), stdout())
