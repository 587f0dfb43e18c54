/* A stub of @wecom/jssdk for plain browsers: the same calls, carried out by the WeCom sandbox. */
(() => {
  "use strict";
  const { base, calls } = "__SANDBOX__";
  const CONFIRMED = { openExistedChatWithMsg: "发送到该群？", sendChatMessage: "发送到当前聊天？", shareToExternalChat: "群发到所选的群？", shareToExternalContact: "群发给所选客户？" };
  let options = null;
  let registered = null;

  async function post(name, body) {
    const response = await fetch(`${base}/sandbox/js/${name}`, {
      method: "POST", credentials: "include", headers: { "Content-Type": "text/plain" }, body: JSON.stringify(body),
    });
    return response.ok ? response.json() : { errMsg: `${name}:fail HTTP ${response.status}` };
  }

  async function registration() {
    const url = location.href.split("#")[0];
    const signed = { corpId: options.corpId, agentId: String(options.agentId ?? ""), jsApiList: options.jsApiList ?? [], url };
    if (options.getConfigSignature) signed.config = await options.getConfigSignature(url);
    if (options.getAgentConfigSignature) signed.agentConfig = await options.getAgentConfigSignature(url);
    return signed;
  }

  function finish(given, answer) {
    const kind = answer.errMsg.endsWith(":ok") ? "success" : answer.errMsg.endsWith(":cancel") ? "cancel" : "fail";
    for (const listener of [given[kind], given.complete]) if (listener) listener(answer);
    if (kind === "success") return answer;
    throw Object.assign(new Error(answer.errMsg), answer);
  }

  async function call(name, given = {}) {
    if (!options) return finish(given, { errMsg: `${name}:fail register first` });
    registered ??= registration();
    const values = Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value !== "function"));
    if (name in CONFIRMED && !confirm(CONFIRMED[name])) return finish(given, { errMsg: `${name}:cancel` });
    return finish(given, await post(name, { registration: await registered, arguments: values }));
  }

  const ww = {
    SDK_VERSION: "sandbox",
    /* Cookies know no ports: an opened phone of the sandbox is seen by the pages it opens. */
    env: { isWeCom: /(^|; )sandbox_phone=[^~;]/.test(document.cookie), isWeChat: false },
    register(given) {
      options = given;
      registered = registration();
      registered.then((signed) => post("register", { registration: signed })).then((answer) => {
        const good = answer.errMsg.endsWith(":ok");
        for (const name of ["Config", "AgentConfig"]) {
          const listener = given[`on${name}${good ? "Success" : "Fail"}`];
          if (listener) listener(answer);
        }
      });
    },
  };
  for (const name of calls) ww[name] = (given) => call(name, given);
  window.ww = ww;
})();
