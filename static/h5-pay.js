// WeChat's own sheet; whether money came is told by WeChat to the server, never by this page.
const button = document.getElementById("pay");
const word = document.getElementById("pay-word");
function pay() {
  if (!window.WeixinJSBridge) { word.textContent = "请在微信里打开这个页面付款"; return; }
  const asked = JSON.parse(document.getElementById("jsapi").textContent);
  window.WeixinJSBridge.invoke("getBrandWCPayRequest", asked, (said) => {
    if (said.err_msg === "get_brand_wcpay_request:ok") location.replace(button.dataset.done);
    else word.textContent = "没有付款，可以再点一次";
  });
}
button.addEventListener("click", pay);
if (window.WeixinJSBridge) pay();
else document.addEventListener("WeixinJSBridgeReady", pay, { once: true });
