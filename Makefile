# 店圈：只要有 Python 3.11（或更新）和 make。`make` 列出全部命令。

BIN := .venv/bin
PORT ?= 8000
JOBS ?= 2
# A lock file is complete, so nothing is resolved; byte code is left to the first start, which needs a fraction of it.
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps --no-compile
# A stamp carries the sum of its lock file, so a changed lock is installed whatever the clock says.
sum = $(shell cksum < $(1) | cut -d ' ' -f 1)
RUN := .venv/.run-$(call sum,requirements.lock)
DEV := .venv/.dev-$(call sum,requirements-dev.lock)
ASSETS := .local/vendor/.stamp
# The first Python that is recent enough and able to make virtual environments.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14 /usr/bin/python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
LOCK = .local/uv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench lock clean browser

help: ## 列出全部命令
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(RUN) $(DEV) $(ASSETS) ## 准备好运行与开发所需的一切（可重复执行）

demo: $(RUN) $(ASSETS) ## 跑起整个系统与示例数据；PORT=8001 换端口，RESET=1 清空重来
	@$(BIN)/python manage.py demo --port $(PORT) $(if $(RESET),--reset)

test: $(RUN) $(DEV) $(ASSETS) browser ## 全部测试；ARGS="tests/members -k merge" 只跑一部分
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(RUN) $(DEV) ## 格式、静态检查、类型、分层、迁移
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	@# Nothing of the machine a file was made on: no registry's address, no path of somebody's home.
	@! git grep -nIE 'https?://[^ "]*(pypi|npmjs|mirrors?)[./]|(^|[^[:alnum:]])/(root|home|Users|work|opt)/[[:alnum:]_.]' \
		-- . ':!Makefile' || { echo "以上内容只属于某一台机器，请删去"; exit 1; }

bench: $(RUN) ## 性能测量；NAME=import
	@$(BIN)/python manage.py bench $(or $(NAME),import)

lock: .local/uv/bin/uv ## 按 pyproject.toml 更新锁定文件
	$(LOCK) pyproject.toml --all-extras --output-file requirements.lock
	$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --group assets --output-file requirements-assets.lock

clean: ## 删除虚拟环境、前端资源和缓存；保留数据
	rm -rf .venv .local/vendor .local/uv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新，并带 venv 模块（Debian：apt-get install python3-venv）；可用 PYTHON= 指定"; exit 1; }
	@echo "建立虚拟环境 .venv（$(PYTHON)）"
	@$(PYTHON) -m venv --clear .venv

$(RUN): | $(BIN)/python
	@echo "安装运行所需的 Python 包"
	@$(PIP) -r requirements.lock
	@touch $@

$(DEV): | $(BIN)/python
	@echo "安装开发与测试所需的 Python 包"
	@$(PIP) -r requirements-dev.lock
	@touch $@

# Node in a wheel is 204 MB, so it comes only to a machine without a usable npm.
$(ASSETS): package.json package-lock.json .npmrc | $(RUN)
	@npm --version 2>/dev/null | grep -qE '^(9|[1-9][0-9]+)\.' || $(PIP) -r requirements-assets.lock
	@$(BIN)/python manage.py assets
	@touch $@

# Without a browser its tests are skipped, saying so.
browser:
	@command -v chromium >/dev/null || test -n "$$CHROMIUM" || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		echo "安装 Chromium" && apt-get -qq update && \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium fonts-noto-cjk >/dev/null; } || \
		echo "没有 Chromium：跳过浏览器测试"

.local/uv/bin/uv: | $(BIN)/python
	@$(BIN)/python -m venv .local/uv
	@.local/uv/bin/pip install --quiet uv
