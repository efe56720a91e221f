# Reference values for stepped wedges. The roll-outs are imposed on public data that had none: R's
# sleepstudy (lme4; 18 subjects, 10 days) and ChickWeight (datasets; chicks in tens of fives).
# Usage: Rscript wedge.R > wedge.json   (R 4.2, lme4 1.1, jsonlite)
suppressMessages({library(lme4); library(jsonlite)})
exposure <- function(period, first) pmax(0, period - first + 1)
answer <- function(fit) {
  b <- fixef(fit); v <- as.matrix(vcov(fit))
  picked <- grep("^factor\\(e\\)", names(b))
  mean_of <- rep(1 / length(picked), length(picked))
  spread <- as.data.frame(VarCorr(fit))
  list(average = sum(mean_of * b[picked]),
       average_error = sqrt(c(mean_of %*% v[picked, picked] %*% mean_of)),
       effects = unname(b[picked]), errors = unname(sqrt(diag(v)[picked])),
       groups = spread$grp, variances = spread$vcov)
}
sleep <- sleepstudy
sleep$cluster <- as.integer(factor(sleep$Subject)) - 1
sleep$first <- 1 + sleep$cluster %% 9
sleep$e <- exposure(sleep$Days, sleep$first)
chick <- as.data.frame(ChickWeight)
chick$cluster <- (as.integer(as.character(chick$Chick)) - 1) %/% 5
chick$period <- match(chick$Time, sort(unique(chick$Time))) - 1
chick$first <- 1 + chick$cluster %% 10
chick$e <- exposure(chick$period, chick$first)
chick$cell <- paste(chick$cluster, chick$period)
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12))
write(toJSON(list(
  sleep = answer(lmer(Reaction ~ factor(Days) + factor(e) + (1 | cluster), sleep, control = tight)),
  sleep_at_once = unname(fixef(lmer(Reaction ~ factor(Days) + I(e > 0) + (1 | cluster), sleep,
                                    control = tight))["I(e > 0)TRUE"]),
  chick = answer(lmer(weight ~ factor(period) + factor(e) + (1 | cluster) + (1 | cell), chick,
                      control = tight))
), digits = 10, auto_unbox = TRUE, pretty = TRUE), stdout())
