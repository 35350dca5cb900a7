* Rebuild a released table from its counts with Stata 15 or later:  do rebuild.do   (in this folder)
*
* Rate and standard error come from svy; degrees of freedom are the domain's PSUs less its strata; the guarded limits are
* computed here by invibeta, as docs/methods.md of Hài Lòng defines them. The last lines compare with figures.csv.

version 15
clear all
set more off

import delimited using rule.csv, varnames(1) stringcols(_all) encoding("UTF-8") clear
forvalues i = 1/`=_N' {
    local `=name[`i']' = value[`i']
}
if !inlist("`method'", "guarded", "mean") {
    display as error "This script knows the methods guarded and mean, not `method'"
    exit 198
}
local finite = "`target_population'" == "finite"
local single = cond(inlist("`lonely_psu'", "collapse", "adjust"), "centered", cond("`lonely_psu'" == "average", "scaled", "certainty"))

import delimited using strata.csv, varnames(1) stringcols(1 2 3) asdouble encoding("UTF-8") clear
keep stratum population total
tempfile strata cells designs results
save `strata'
import delimited using designs.csv, varnames(1) stringcols(1 2) encoding("UTF-8") clear
save `designs'
import delimited using cells.csv, varnames(1) stringcols(1 2 3 4 5) encoding("UTF-8") clear
merge m:1 stratum using `strata', keep(match) nogenerate
generate double y = .
forvalues k = 1/5 {
    replace y = `score_`k'' if level == `k'
}
expand n
bysort stratum: generate double w = cond(missing(total), 1, total / _N)
generate long row = _n
quietly count if psu != ""
local clustered = r(N) > 0
save `cells'

import delimited using figures.csv, varnames(1) stringcols(1 2 3 4 5 6) asdouble encoding("UTF-8") clear
local figures = _N
forvalues i = 1/`figures' {
    foreach name in level sector place design agency month {
        local `name'`i' = `name'[`i']
    }
}
tempname posted
postfile `posted' str200(level sector place) double(n rate se df n_effective low high) using `results'

local level_of = real("`confidence_level'")
local tail = (1 - `level_of') / 2
forvalues i = 1/`figures' {
    use if design == "`design`i''" using `designs', clear
    merge 1:m stratum using `cells', keep(match) nogenerate
    egen byte first = tag(stratum)
    bysort variance_stratum: egen double whole = total(population * first)
    generate unit = cond(`clustered', psu, string(row, "%20.0f"))
    egen byte tagged = tag(variance_stratum unit)
    bysort variance_stratum: egen double m = total(tagged)
    generate double f = cond(`finite', m / whole, 0)
    egen long unit_code = group(unit)
    if `finite' svyset unit_code [pweight = w], strata(variance_stratum) fpc(whole) singleunit(`single')
    else svyset unit_code [pweight = w], strata(variance_stratum) singleunit(`single')
    generate byte answered = !missing(y)
    replace y = 0 if !answered
    generate byte inside = answered
    if "`agency`i''" != "" replace inside = inside & agency == "`agency`i''"
    if "`month`i''" != "" replace inside = inside & month == "`month`i''"
    local pooled = .
    if `clustered' {
        quietly svy, subpop(answered): mean y
        matrix whole_b = e(b)
        matrix whole_v = e(V)
        quietly count if answered
        local whole_p = whole_b[1, 1]
        if `whole_p' > 0 & `whole_p' < 1 & whole_v[1, 1] > 0 {
            local pooled = r(N) * whole_v[1, 1] / (`whole_p' * (1 - `whole_p'))
        }
    }
    quietly svy, subpop(inside): mean y
    matrix b = e(b)
    matrix V = e(V)
    local p = b[1, 1]
    local v = V[1, 1]
    quietly summarize y if inside
    local n = r(N)
    local x = r(sum)
    egen byte unit_in = tag(variance_stratum unit) if inside
    egen byte stratum_in = tag(variance_stratum) if inside
    quietly summarize unit_in
    local df = r(sum)
    quietly summarize stratum_in
    local df = `df' - r(sum)
    if "`method'" == "mean" {
        local half = invttail(`df', `tail') * sqrt(`v')
        post `posted' ("`level`i''") ("`sector`i''") ("`place`i''") (`n') (`p') (sqrt(`v')) (`df') (.) (`p' - `half') (`p' + `half')
        continue
    }
    generate double fw = f * w^2 if inside
    generate double uw = (1 - f) * w^2 if inside
    quietly summarize w if inside
    local sum_w = r(sum)
    quietly summarize uw
    local kish = `n' * r(sum) / `sum_w'^2
    local rest_squares = r(sum)
    quietly summarize fw
    local fraction = r(sum) / (r(sum) + `rest_squares')
    if `kish' == 0 local kish = 1
    if `x' == 0 local p = 0
    if `x' == `n' local p = 1
    local raw = `n' * `v' / cond(`p' > 0 & `p' < 1, `p' * (1 - `p'), 1)
    local silent = `x' == 0 | `x' == `n' | `raw' < 1e-12
    local usable = `df' >= 1 & `n' > 1
    local ratio = cond(`usable', invttail(max(`df', 1), `tail') / invttail(max(`n' - 1, 1), `tail'), 1)
    local deff = cond(`silent', 0, `raw' * `ratio'^2)
    local anchor = cond(missing(`pooled'), `kish', max(`kish', `pooled'))
    local excess = cond(missing(`pooled'), max(0, `anchor' - `deff'), `anchor' - `deff')
    local divisor = cond(`silent', `anchor', `deff' + 30 / (30 + min(`x', `n' - `x')) * `excess')
    local size = cond(`divisor' > 0, `n' / `divisor', `n')
    if !`usable' local size = min(1, `size')
    local low = cond(`p' > 0, invibeta(`size' * `p', `size' * (1 - `p') + 1, `tail'), 0)
    local high = cond(`p' < 1, invibetatail(`size' * `p' + 1, `size' * (1 - `p'), `tail'), 1)
    if `fraction' > 0 {
        local rest = 1 - `fraction'
        local inner = `size' * `rest'^2
        if `p' > 0 local low = min(`low', `p' - `rest' * (`p' - invibeta(`inner' * `p', `inner' * (1 - `p') + 1, `tail')))
        if `p' < 1 local high = max(`high', `p' + `rest' * (invibetatail(`inner' * `p' + 1, `inner' * (1 - `p'), `tail') - `p'))
    }
    if `fraction' > 1 - 1e-7 {
        local size = `n'
        local low = `p'
        local high = `p'
    }
    post `posted' ("`level`i''") ("`sector`i''") ("`place`i''") (`n') (`p') (sqrt(`v')) (`df') (`size') (`low') (`high')
}
postclose `posted'

import delimited using figures.csv, varnames(1) stringcols(1 2 3 4 5 6) asdouble encoding("UTF-8") clear
foreach name in n rate se df n_effective low high {
    rename `name' their_`name'
}
merge 1:1 level sector place using `results', assert(match) nogenerate
foreach name in n rate se df n_effective low high {
    generate double gap_`name' = abs(`name' - their_`name') / max(1, abs(their_`name'))
    summarize gap_`name'
    assert gap_`name' < 1e-7 | (missing(`name') & missing(their_`name'))
}
export delimited level sector place n rate se df n_effective low high using rebuilt-by-stata.csv, replace
display as result `figures' " figures rebuilt"
