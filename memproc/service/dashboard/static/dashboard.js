"use strict";
(function () {
  var NOTE = "memproc-note";

  function renewAttributes(from, to) {
    Array.from(to.attributes).forEach(function (one) {
      if (from.getAttribute(one.name) !== one.value) { from.setAttribute(one.name, one.value); }
    });
    Array.from(from.attributes).forEach(function (one) {
      if (!to.hasAttribute(one.name) && !(from.nodeName === "DETAILS" && one.name === "open")) { from.removeAttribute(one.name); }
    });
  }

  // What has not changed stays in place, so that focus, what is unfolded and a click that has begun are not lost.
  function renew(from, to) {
    if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || from.id !== to.id) {
      from.replaceWith(to.cloneNode(true));
    } else if (from.nodeType === Node.TEXT_NODE) {
      if (from.data !== to.data) { from.data = to.data; }
    } else if (from.nodeType === Node.ELEMENT_NODE) {
      renewAttributes(from, to);
      renewChildren(from, to);
    }
  }

  function renewChildren(from, to) {
    var old = Array.from(from.childNodes), now = Array.from(to.childNodes);
    now.forEach(function (one, at) {
      if (at < old.length) { renew(old[at], one); } else { from.appendChild(one.cloneNode(true)); }
    });
    old.slice(now.length).forEach(function (one) { one.remove(); });
  }

  function follow(live) {
    var source = null;
    function begin() {
      source = new EventSource(live.dataset.live);
      source.addEventListener("part", function (event) {
        var box = document.createElement("template");
        box.innerHTML = JSON.parse(event.data);
        renewChildren(live, box.content);
      });
      source.addEventListener("over", function () { location.reload(); });
    }
    function end() { if (source) { source.close(); source = null; } }
    document.addEventListener("visibilitychange", function () {
      end();
      if (!document.hidden) { begin(); }
    });
    addEventListener("pagehide", end);
    addEventListener("pageshow", function (event) { if (event.persisted) { location.reload(); } });
    begin();
  }

  function send(form) {
    var told = document.getElementById("file-told");
    form.hidden = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var file = form.elements.file.files[0], asked = new XMLHttpRequest();
      var name = file.name.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^[.-]+/, "").slice(-100) || "file";
      var space = document.querySelector("[name=namespace]");
      var more = space && space.value ? "&namespace=" + encodeURIComponent(space.value) : "";
      asked.open("POST", form.dataset.file + "?name=" + encodeURIComponent(name) + more);
      asked.setRequestHeader("X-Form", document.body.dataset.form);
      asked.upload.addEventListener("progress", function (event) {
        if (event.lengthComputable) { told.textContent = Math.floor(100 * event.loaded / event.total) + " % sent"; }
      });
      asked.addEventListener("load", function () {
        if (asked.status === 200) { location.assign(asked.responseURL); return; }
        var page = new DOMParser().parseFromString(asked.responseText, "text/html"), wrong = page.querySelector("[role=alert]");
        told.textContent = wrong ? wrong.textContent : "the server refused it (" + asked.status + ")";
      });
      asked.addEventListener("error", function () { told.textContent = "the connection broke: send it again"; });
      asked.send(file);
    });
  }

  function copyNote() {
    document.querySelectorAll("[data-note]").forEach(function (one) { one.value = sessionStorage.getItem(NOTE) || ""; });
  }

  function note(field) {
    field.value = sessionStorage.getItem(NOTE) || "";
    field.addEventListener("input", function () {
      sessionStorage.setItem(NOTE, field.value);
      copyNote();
    });
    field.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); field.blur(); }
    });
  }

  // A second click while the first is under way sends nothing.
  function once(event) {
    var form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(function () { delete form.dataset.sent; }, 3000);
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest("input, textarea, select")) { return; }
    var field = document.getElementById("note");
    if (event.key === "n" && field) { event.preventDefault(); field.focus(); return; }
    var found = Array.from(document.querySelectorAll("[data-key]")).find(function (one) { return one.dataset.key === event.key; });
    if (found && !event.repeat) { event.preventDefault(); found.click(); }
  }

  var live = document.querySelector("[data-live]"), file = document.querySelector("[data-file]"), field = document.getElementById("note");
  if (live) { follow(live); }
  if (file) { send(file); }
  if (field) { note(field); }
  copyNote();
  document.addEventListener("keydown", keys);
  document.addEventListener("submit", once);
})();
