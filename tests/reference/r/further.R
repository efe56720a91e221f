# Reference values on data sets that stress the survival functions: two grouping columns, a column
# named group, groups never at risk together when follow-up ends, medians that are not reached, far
# outlying covariates, delayed entry with covariates that change, and more than 400 distinct times.
# Usage: python export.py FOLDER && LC_ALL=C Rscript further.R FOLDER > further.json
# (R 4.2, survival 3.5, lme4 1.1, geepack 1.3, jsonlite)
suppressMessages({library(survival); library(lme4); library(geepack); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")), na.strings = "NA")
curve <- function(formula, d, until) {
  fit <- survfit(formula, d, conf.type = "log-log")
  t <- summary(fit, rmean = until)$table
  list(median = unname(t[, "median"]), median_low = unname(t[, "0.95LCL"]),
       median_high = unname(t[, "0.95UCL"]), mean = unname(t[, "rmean"]),
       mean_error = unname(t[, "se(rmean)"]), log_rank = survdiff(formula, d)$chisq)
}
cox <- function(formula, d, ties = "efron") {
  fit <- coxph(formula, d, ties = ties, x = TRUE, model = TRUE)
  s <- summary(fit)$coefficients
  robust <- "robust se" %in% colnames(s)
  list(estimate = unname(s[, "coef"]),
       std_error = unname(s[, if (robust) "robust se" else "se(coef)"]),
       log_likelihood = fit$loglik[2], test = unname(cox.zph(fit, terms = FALSE)$table[, "chisq"]))
}
ends <- function(time, state, by, at) {
  fit <- survfit(Surv(time, factor(state, 0:2)) ~ by, conf.type = "log-log")
  s <- summary(fit, times = at)
  list(at = at, estimate = c(s$pstate[, 2], s$pstate[, 3]),
       std_error = c(s$std.err[, 2], s$std.err[, 3]), conf_low = c(s$lower[, 2], s$lower[, 3]),
       conf_high = c(s$upper[, 2], s$upper[, 3]))
}
rotterdam <- read("rotterdam")
pbc <- read("pbcseq"); pbc <- pbc[order(pbc$id, pbc$day), ]
last <- !duplicated(pbc$id, fromLast = TRUE)
pbc$stop <- ifelse(last, pbc$futime, c(pbc$day[-1], NA))
pbc$died <- as.integer(last & pbc$status == 2)
pbc <- pbc[pbc$stop > pbc$day, ]
# Control charts and funnels by the formulas of their papers.
nile <- as.numeric(datasets::Nile)
xmr <- function(x) {
  r <- abs(diff(x))
  mean(x) + c(0, -1, 1) * 2.66 * mean(r[r <= 3.267 * mean(r)])
}
cows <- read("cbpp"); p <- cows$incidence / cows$size
bar <- sum(cows$incidence) / sum(cows$size); s <- sqrt(bar * (1 - bar) / cows$size)
laney <- mean(abs(diff((p - bar) / s))) / 1.128
ships <- subset(read("ships"), service > 0); u <- sum(ships$incidents) / sum(ships$service)
funnel <- function(o, e, trim) {
  z <- 2 * (sqrt(o) - sqrt(e)); m <- length(z); cut <- floor(0.1 * m)
  inner <- order(z)[(cut + 1):(m - cut)]; w <- 4 * e
  if (trim) { k <- z[inner]; w <- w[inner] } else k <- pmin(pmax(z, min(z[inner])), max(z[inner]))
  tau <- max(0, (sum(k^2) - (length(k) - 1)) / (sum(w) - sum(w^2) / sum(w)))
  reach <- qnorm(0.975) * sqrt(1 / (4 * e) + tau)
  list(dispersion = mean(k^2), between = tau, lower = sum(pmax(1 - reach, 0)^2),
       upper = sum((1 + reach)^2), outliers = sum(abs(z / sqrt(1 + 4 * e * tau)) > qnorm(0.975)))
}
county <- subset(read("countymurders"), year == 1996 & popul > 50000)
due <- county$popul * (sum(county$murders) / sum(county$popul))
# Scores over time, a series with exposure, weights, E-values and net benefit.
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
mixed <- function(formula, d, REML) {
  fit <- lmer(formula, d, REML = REML, control = tight)
  s <- coef(summary(fit))
  list(term = rownames(s), estimate = unname(s[, 1]), std_error = unname(s[, 2]),
       log_likelihood = as.numeric(logLik(fit)))
}
marginal <- function(formula, d) {
  d <- d[order(d$id), ]; d <- d[complete.cases(d[, all.vars(formula)]), ]
  s <- summary(geeglm(formula, id = id, data = d, corstr = "exchangeable",
                      control = geese.control(epsilon = 1e-10)))$coefficients
  list(term = rownames(s), estimate = s$Estimate, std_error = s$Std.err)
}
series <- function(formula, family, d) {
  s <- coef(summary(glm(formula, family, d)))
  list(estimate = unname(s[, 1]), std_error = unname(s[, 2]))
}
accidents <- read("traffic2"); accidents$after <- as.numeric(accidents$t >= 61)
births <- read("birthwt"); births$race <- factor(births$race)
chance <- fitted(glm(smoke ~ age + lwt + race + ptl + ht + ui, binomial, births))
apart <- function(y, z, w) weighted.mean(y[z], w[z]) - weighted.mean(y[!z], w[!z])
smoked <- births$smoke == 1
inverse <- ifelse(smoked, 1 / chance, 1 / (1 - chance))
strength <- function(r) { r <- pmax(r, 1 / r); r + sqrt(r * (r - 1)) }
hazards <- function(r) (1 - 0.5^sqrt(r)) / (1 - 0.5^sqrt(1 / r))
learnt <- glm(type == "Yes" ~ npreg + glu + bmi + age, binomial, read("Pima.tr"))
tested <- read("Pima.te"); risk <- predict(learnt, tested, type = "response")
ill <- tested$type == "Yes"
net <- function(acted, p) mean(acted & ill) - mean(acted & !ill) * p / (1 - p)
at <- c(0, 0.1, 0.3, 0.5)
write(toJSON(list(
  mixed_sleep = mixed(Reaction ~ Days + (Days | Subject), read("sleepstudy"), TRUE),
  mixed_machines = mixed(score ~ Machine + (1 | Worker), read("Machines"), TRUE),
  mixed_wages = mixed(lwage ~ exper + married + union + (1 | nr), read("wagepan"), FALSE),
  gee_wheeze = marginal(resp ~ age + smoke, read("ohio")),
  gee_obesity = marginal(numobese ~ age + gender, read("muscatine")),
  its_fatal = series(fatacc ~ after + t + offset(log(totacc)), quasipoisson, accidents),
  its_share = series(prcfat ~ after + I(after * (t - 61)) + t, gaussian, accidents),
  births = c(apart(births$bwt, smoked, inverse), apart(births$low, smoked, inverse),
             apart(births$bwt, smoked, ifelse(smoked, 1 - chance, chance))),
  e_values = c(strength(hazards(c(0.56, 0.69))), strength(sqrt(c(0.86, 0.99))),
               strength(exp(0.91 * c(-0.42, -0.14))), strength(c(0.9, 1.05) / 1.2), 1),
  net_benefit = c(sapply(at, function(p) net(risk >= p, p)),
                  sapply(at, function(p) net(TRUE, p))),
  xmr_nile = c(xmr(nile[1:28]), xmr(nile[29:100])),
  p_cows = c(bar, pmax(bar - 3 * s[1:3], 0), bar + 3 * s[1:3]),
  pprime_cows = c(bar, pmax(bar - 3 * laney * s[1:3], 0), bar + 3 * laney * s[1:3]),
  u_ships = c(u, pmax(u - 3 * sqrt(u / ships$service[1:3]), 0), u + 3 * sqrt(u / ships$service[1:3])),
  funnel_murders = funnel(county$murders, due, FALSE),
  funnel_murders_trimmed = funnel(county$murders, due, TRUE),
  curve_bmt = curve(Surv(t2, d3) ~ group, read("bmt"), 1000),
  curve_hodgkin = curve(Surv(time, delta) ~ gtype + dtype, read("hodg"), 300),
  curve_smoking = curve(Surv(ttr, relapse) ~ grp, read("pharmacoSmoking"), 150),
  cox_light_chains = cox(Surv(futime, death) ~ age + sex + kappa + lambda + creatinine,
                         read("flchain")),
  cox_pbc_visits = cox(Surv(day, stop, died) ~ bili + albumin + age + cluster(id), pbc),
  cox_infections = cox(Surv(tstart, tstop, status) ~ treat + age + strata(hos.cat) + cluster(id),
                       read("cgd"), "breslow"),
  cox_retinopathy = cox(Surv(futime, status) ~ trt + age + type + risk + cluster(id),
                        read("retinopathy")),
  cox_breast_feeding = cox(Surv(duration, delta) ~ race + poverty + smoke + alcohol + yschool,
                           read("bfeed")),
  ends_rotterdam = with(rotterdam, ends(pmin(rtime, dtime), ifelse(recur == 1, 1, 2 * death), chemo,
                                        c(1000, 2500, 4000)))
), digits = 10, auto_unbox = TRUE, pretty = TRUE, na = "null"), stdout())
