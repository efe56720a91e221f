# Reference values on public data sets that ask different things of the same functions: ties, several
# groups, factors, strata, late entry, rows of one person, recurrent events, a median that is not
# reached, missing values, competing ends, slopes that vary, yes-or-no and count outcomes.
# Usage: python export.py FOLDER && Rscript datasets.R FOLDER > datasets.json
# (R 4.2, survival 3.5, lme4 1.1, geepack 1.3, jsonlite)
suppressMessages({library(survival); library(lme4); library(geepack); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")), na.strings = "NA")
cox <- function(formula, d) {
  fit <- coxph(formula, d, x = TRUE, model = TRUE)
  s <- summary(fit)$coefficients
  robust <- "robust se" %in% colnames(s)
  z <- cox.zph(fit, terms = FALSE)$table
  list(estimate = unname(s[, "coef"]),
       std_error = unname(s[, if (robust) "robust se" else "se(coef)"]),
       log_likelihood = fit$loglik[2], test = unname(z[, "chisq"]), rows = fit$n)
}
curve <- function(formula, d, until) {
  fit <- survfit(formula, d, conf.type = "log-log")
  t <- summary(fit, rmean = until)$table
  test <- survdiff(formula, d)
  list(median = unname(t[, "median"]), median_low = unname(t[, "0.95LCL"]),
       median_high = unname(t[, "0.95UCL"]), mean = unname(t[, "rmean"]),
       mean_error = unname(t[, "se(rmean)"]), log_rank = test$chisq)
}
ends <- function(time, state, at) {
  s <- summary(survfit(Surv(time, factor(state, 0:2)) ~ 1), times = at)
  list(at = at, first = s$pstate[, 2], second = s$pstate[, 3], first_error = s$std.err[, 2],
       second_error = s$std.err[, 3])
}
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
mixed <- function(formula, d, REML) {
  fit <- lmer(formula, d, REML = REML, control = tight)
  s <- coef(summary(fit))
  list(term = rownames(s), estimate = unname(s[, 1]), std_error = unname(s[, 2]),
       log_likelihood = as.numeric(logLik(fit)))
}
marginal <- function(formula, d, id) {
  d$id_ <- as.integer(factor(id))
  d <- d[order(d$id_), ]
  fit <- geeglm(formula, id = id_, data = d, corstr = "exchangeable",
                control = geese.control(epsilon = 1e-10))
  s <- summary(fit)$coefficients
  list(term = rownames(s), estimate = s$Estimate, std_error = s$Std.err)
}
veteran <- read("veteran"); lung <- read("cancer"); ovarian <- read("ovarian")
heart <- read("heart"); colon <- read("colon"); bladder <- read("bladder2"); pbc <- read("pbc")
mgus <- read("mgus2")
mgus$when <- with(mgus, ifelse(pstat == 0, futime, ptime))
mgus$end <- with(mgus, ifelse(pstat == 0, 2 * death, 1))
dietox <- read("dietox"); teeth <- read("Orthodont"); epil <- read("epil")
respiratory <- read("respiratory")
respiratory$who <- paste(respiratory$center, respiratory$id)
write(toJSON(list(
  curve_veteran = curve(Surv(time, status) ~ celltype, veteran, 100),
  curve_lung = curve(Surv(time, status == 2) ~ sex, lung, 500),
  curve_ovarian = curve(Surv(futime, fustat) ~ rx, ovarian, 400),
  cox_veteran = cox(Surv(time, status) ~ trt + celltype + karno + age, veteran),
  cox_veteran_strata = cox(Surv(time, status) ~ trt + karno + age + strata(celltype), veteran),
  cox_lung = cox(Surv(time, status == 2) ~ age + sex + ph.ecog + wt.loss, lung),
  cox_heart = cox(Surv(start, stop, event) ~ age + year + surgery + transplant, heart),
  cox_colon = cox(Surv(time, status) ~ rx + nodes + age + sex + strata(etype) + cluster(id), colon),
  cox_bladder = cox(Surv(start, stop, event) ~ rx + number + size + strata(enum) + cluster(id),
                    bladder),
  ends_pbc = ends(pbc$time, pbc$status, c(500, 1000, 2000, 3000)),
  ends_mgus = ends(mgus$when, mgus$end, c(24, 60, 120, 240)),
  mixed_dietox = mixed(Weight ~ Time + Cu + (1 | Pig), dietox, FALSE),
  mixed_dietox_slope = mixed(Weight ~ Time + Cu + (Time | Pig), dietox, TRUE),
  mixed_teeth = mixed(distance ~ age * Sex + (age | Subject), teeth, TRUE),
  mixed_epil = mixed(y ~ trt + base + age + V4 + (1 | subject), epil, TRUE),
  gee_dietox = marginal(Weight ~ Time + Cu, dietox, dietox$Pig),
  gee_respiratory = marginal(outcome ~ treat + sex + age + baseline + visit, respiratory,
                             respiratory$who),
  gee_epil = marginal(y ~ trt + base + age + V4, epil, epil$subject)
), digits = 10, auto_unbox = TRUE, pretty = TRUE, na = "null"), stdout())
