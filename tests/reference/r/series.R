# Reference values for interrupted time series, on R's Seatbelts data (the law held from month 170).
# Usage: Rscript series.R > series.json   (R 4.2, jsonlite, nlme 3.1)
suppressMessages({library(jsonlite); library(nlme)})
d <- as.data.frame(Seatbelts)
d$t <- 1:192
d$after <- as.numeric(d$t >= 170)
for (k in 1:2) {
  d[[paste0("s", k)]] <- sin(2 * pi * k * d$t / 12)
  d[[paste0("c", k)]] <- cos(2 * pi * k * d$t / 12)
}
rows <- function(fit) {
  s <- coef(summary(fit))
  list(term = rownames(s), estimate = unname(s[, 1]), std_error = unname(s[, 2]),
       p_value = unname(s[, 4]))
}
# Newey-West from first principles: Bartlett weights, n / (n - k), no prewhitening.
newey_west <- function(fit, lags) {
  x <- model.matrix(fit)
  score <- x * (fit$y - fitted(fit))
  n <- nrow(x)
  meat <- crossprod(score)
  for (l in seq_len(lags)) {
    g <- crossprod(score[(l + 1):n, ], score[1:(n - l), ])
    meat <- meat + (1 - l / (lags + 1)) * (g + t(g))
  }
  bread <- solve(t(x) %*% (x * fitted(fit)))
  sqrt(diag(bread %*% meat %*% bread) * n / (n - ncol(x)))
}
# Errors for short series, with full matrices: Newey-West over windows of 1.3 sqrt(n), made unbiased,
# and Satterthwaite's degrees of freedom, for errors of corAR1 by REML (and, with a control series,
# as alike at the same time as the residuals).
calibrated <- function(fit, second = rep(0, nobs(fit))) {
  w <- if (fit$family$family == "gaussian") rep(1, nobs(fit)) else fitted(fit)
  x <- model.matrix(fit) * sqrt(w)
  r <- (fit$y - fitted(fit)) / sqrt(w)
  place <- if (any(second == 1)) ave(r, second, FUN = seq_along) else seq_along(r)
  moved <- data.frame(unname(x), z = r, place = place, second = second)
  terms <- reformulate(c("0", names(moved)[seq_len(ncol(x))]), "z")
  rho <- coef(gls(terms, moved, corAR1(form = ~ place | second), method = "REML",
                  control = glsControl(tolerance = 1e-12, msTol = 1e-14))$modelStruct$corStruct,
              unconstrained = FALSE)
  apart <- abs(outer(place, place, "-"))
  sigma <- rho^apart
  if (any(second == 1)) sigma[outer(second, second, "!=")] <-
    sigma[outer(second, second, "!=")] *
    sum(r[second == 0] * r[second == 1]) / sqrt(sum(r[second == 0]^2) * sum(r[second == 1]^2))
  m <- diag(nrow(x)) - x %*% solve(crossprod(x), t(x))
  left <- m %*% sigma %*% m
  a <- x %*% solve(crossprod(x))
  kernel <- pmax(1 - apart / ceiling(1.3 * sqrt(max(place))), 0)
  found <- sapply(seq_len(ncol(x)), function(j) {
    q <- kernel * outer(a[, j], a[, j])
    mean <- sum(diag(q %*% left))
    b <- q %*% left
    c(sqrt(drop(r %*% q %*% r) * drop(a[, j] %*% sigma %*% a[, j]) / mean),
      mean^2 / sum(b * t(b)))
  })
  list(term = colnames(x), std_error = found[1, ], df = found[2, ], correlation = unname(rho))
}
quasi <- glm(DriversKilled ~ after + I(after * (t - 170)) + t + s1 + c1 + s2 + c2,
             quasipoisson, d)
rate <- glm(DriversKilled ~ after + t + s1 + c1 + s2 + c2 + offset(log(kms)), poisson, d)
# As Bernal 2017 has it: quasi-Poisson, offset, level, slope, harmonics.
overdispersed <- glm(DriversKilled ~ after + I(after * (t - 170)) + t + s1 + c1 + s2 + c2 +
                     offset(log(kms)), quasipoisson, d)
normal <- glm(log(drivers) ~ after + t + s1 + c1, gaussian, d)
van <- glm(VanKilled ~ after + t, poisson, d[d$t < 170 | d$t >= 173, ])
long <- rbind(data.frame(n = d$front, t = d$t, after = d$after, other = 0),
              data.frame(n = d$rear, t = d$t, after = d$after, other = 1))
both <- glm(n ~ I(after * (1 - other)) + t + other + I(other * t) + after, quasipoisson, long)
write(toJSON(list(
  quasi = c(rows(quasi), list(dispersion = summary(quasi)$dispersion)),
  overdispersed = c(rows(overdispersed),
                    list(dispersion = summary(overdispersed)$dispersion)),
  hac = list(std_error = unname(newey_west(quasi, 4))),
  short = list(quasi = calibrated(quasi), normal = calibrated(normal),
               both = calibrated(both, long$other)),
  rate = rows(rate), normal = rows(normal), van = rows(van), both = rows(both)
), digits = 10, auto_unbox = TRUE, pretty = TRUE), stdout())
