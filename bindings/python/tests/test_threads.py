"""One cache, many threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from httpcache import Decision, Request
from support import FRESH, URL, body, store


def test_many_threads_store_and_look_up(cache):
    def work(number):
        for round_ in range(50):
            url = f"{URL}{(number + round_) % 10}"
            content = url.encode() * 100
            with cache.lookup(url) as exchange:
                if exchange.decision is Decision.FORWARD:
                    exchange.begin(200, FRESH)
                    exchange.write(content[:100])
                    exchange.write(content[100:])
                    exchange.end()
                else:
                    assert exchange.body == content

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    stats = cache.stats()
    assert stats.responses == 10
    assert stats.errors == 0


def test_a_request_that_two_threads_use_is_an_error_or_works_and_nothing_else(cache):
    store(cache)
    request = Request("GET", URL)
    stop = threading.Event()
    results = set()

    def work(use):
        while not stop.is_set():
            try:
                use()
                results.add("worked")
            except Exception as error:
                results.add(type(error).__name__)

    uses = [
        lambda: cache.lookup(request).close(),
        lambda: request.add("A", "b" * 100),
        lambda: request.remove("A"),
        lambda: request.fields,
        lambda: request.set_body(b"x" * 1000),
    ]
    threads = [threading.Thread(target=work, args=(use,)) for use in uses]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        body(cache)
    stop.set()
    for thread in threads:
        thread.join()
    assert "worked" in results
    assert results <= {"worked", "MisuseError"}


def test_the_filter_runs_on_the_thread_of_the_call(open_cache):
    threads = set()
    cache = open_cache(filter=lambda request, response: threads.add(threading.get_ident()) or True)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(lambda n: (store(cache, f"{URL}{n}"), threading.get_ident())[1], n) for n in range(20)]
        assert threads == {future.result() for future in futures}


def test_each_thread_gets_the_error_of_its_own_filter(open_cache):
    def filter(request, response):
        raise ValueError(request.url)

    cache = open_cache(filter=filter)

    def work(number):
        url = f"{URL}{number}"
        with cache.lookup(url) as exchange:
            exchange.store(200)
            return str(exchange.filter_error) == url

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(100)))
