"use strict";
(() => {
    const table = document.querySelector("table.squad"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    const controls = document.getElementById("controls"), shown = document.getElementById("shown");
    const [name, need, area] = ["by-name", "by-need", "by-area"].map(id => document.getElementById(id));
    const all = document.getElementById("show-all"), byNeed = [...body.rows];
    const collator = new Intl.Collator(document.documentElement.lang, {numeric: true, sensitivity: "base"});
    const letters = {"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"};
    const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
        .replace(/[łøđßæœı]/g, letter => letters[letter]).replace(/\s+/g, " ").trim();
    const names = new Map(byNeed.map(row => [row, plain(row.cells[0].textContent)]));

    const value = (row, at) => row.cells[at].dataset.value ?? row.cells[at].textContent.trim();
    const sorted = (at, direction) => {
        const isNumber = heads[at].dataset.sort === "number";
        const compare = isNumber ? (one, other) => one - other : collator.compare;
        const known = [], unknown = [];
        for (const row of byNeed) (value(row, at) === "" ? unknown : known).push(row);
        known.sort((one, other) => direction * compare(value(one, at), value(other, at)));
        return [...known, ...unknown];
    };
    const press = at => {
        const next = {ascending: "descending", descending: null}, now = heads[at].getAttribute("aria-sort");
        const order = now ? next[now] : "ascending";
        for (const head of heads) head.removeAttribute("aria-sort");
        if (order) heads[at].setAttribute("aria-sort", order);
        body.append(...(order ? sorted(at, order === "ascending" ? 1 : -1) : byNeed));
    };
    const narrow = () => {
        const wanted = plain(name.value);
        let n = 0;
        for (const row of byNeed) {
            const isShown = names.get(row).includes(wanted) && (!need.value || row.dataset.need === need.value)
                && (!area.value || row.dataset.under.split(" ").includes(area.value));
            row.hidden = !isShown;
            n += isShown;
        }
        all.hidden = !(wanted || need.value || area.value);
        shown.classList.toggle("narrowed", n < byNeed.length);
        shown.textContent = shown.dataset.words.replace("{shown}", n).replace("{all}", byNeed.length);
    };

    heads.forEach((head, at) => {
        const button = document.createElement("button");
        button.setAttribute("type", "button");
        button.textContent = head.textContent;
        if (head.abbr) button.setAttribute("title", head.abbr);
        button.addEventListener("click", () => press(at));
        head.replaceChildren(button);
    });
    name.addEventListener("input", narrow);
    for (const choice of [need, area]) choice.addEventListener("change", narrow);
    all.addEventListener("click", () => {
        for (const control of [name, need, area]) control.value = "";
        narrow();
        name.focus();
    });
    controls.hidden = false;
    narrow();
})();
