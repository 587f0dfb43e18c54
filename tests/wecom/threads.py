"""Threads that start at one moment, for races outside the database."""

import threading

from wecom.client.errors import WeComError


def together(count, work):
    """Run `work` in threads that start at one moment; results or exceptions."""
    barrier = threading.Barrier(count)
    results = [None] * count

    def run(index):
        barrier.wait(30)
        try:
            results[index] = work()
        except WeComError as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
