"""serve-swift.py FOLDER PORT: OpenStack Swift with its S3 API in one process on 127.0.0.1, its data below FOLDER.

Prints "ready" once it listens. Ends when its standard input ends, which also happens when whoever started it is killed, and removes FOLDER then. Key id test:test, secret testing-secret.
Buckets are below /BUCKET, and below / of BUCKET.s3.test.
"""
import eventlet

import os
import shutil
import signal
import sys

folder, port = sys.argv[1], int(sys.argv[2])
settings, devices = os.path.join(folder, 'etc'), os.path.join(folder, 'devices')
os.makedirs(settings, exist_ok=True)
os.makedirs(os.path.join(devices, 'disk'), exist_ok=True)


def write(name, text):
    with open(os.path.join(settings, name), 'w') as file:
        file.write(text)


write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = test\nswift_hash_path_prefix = test\n[storage-policy:0]\nname = one\ndefault = yes\n')

import swift.common.utils as utils  # noqa: E402 (reads its settings when it is imported)

utils.SWIFT_CONF_FILE = os.path.join(settings, 'swift.conf')
if hasattr(utils, 'set_swift_dir'):
    utils.set_swift_dir(settings)

from swift.common import storage_policy, wsgi  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
import eventlet.wsgi  # noqa: E402

storage_policy.reload_storage_policies()
common = f'[DEFAULT]\nbind_ip = 127.0.0.1\nswift_dir = {settings}\ndevices = {devices}\nmount_check = false\nuser = root\nlog_level = ERROR\n'
backends = ('account', 'container', 'object')
sockets = {name: eventlet.listen(('127.0.0.1', 0), backlog=512) for name in backends}
sockets['proxy'] = eventlet.listen(('127.0.0.1', port), backlog=512)
for name in backends:
    own = sockets[name].getsockname()[1]
    ring = RingBuilder(4, 1, 0)
    ring.add_dev({'id': 0, 'region': 1, 'zone': 1, 'weight': 1.0, 'ip': '127.0.0.1', 'port': own,
                  'replication_ip': '127.0.0.1', 'replication_port': own, 'device': 'disk', 'meta': ''})
    ring.rebalance()
    ring.get_ring().save(os.path.join(settings, f'{name}.ring.gz'))
    write(f'{name}.conf', f'{common}bind_port = {own}\n[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n')

filters = ['catch_errors', 'gatekeeper', 'listing_formats', 's3api', 'tempauth', 'bulk', 'slo', 'dlo']
options = {
    's3api': 's3_acl = false\nlocation = us-east-1\nmin_segment_size = 5242880\ncors_preflight_allow_origin = *\ncheck_bucket_owner = false\nstorage_domain = s3.test\n',
    'tempauth': 'user_test_test = testing-secret .admin\n',
}
write('proxy.conf', f'{common}bind_port = {port}\n[pipeline:main]\npipeline = {" ".join(filters)} proxy-server\n'
      '[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n'
      + ''.join(f'[filter:{name}]\nuse = egg:swift#{name}\n{options.get(name, "")}' for name in filters))


class Silence:
    def write(self, *_):
        pass

    def flush(self):
        pass


def watch():
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if hasattr(wsgi, 'monkey_patch_mimetools'):
    wsgi.monkey_patch_mimetools()
eventlet.patcher.original('threading').Thread(target=watch, daemon=True).start()
eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)
servers = []
for name, socket in sockets.items():
    app = wsgi.loadapp(os.path.join(settings, f'{name}.conf'), global_conf={'log_name': name})
    servers.append(eventlet.spawn(eventlet.wsgi.server, socket, app, Silence(), protocol=wsgi.SwiftHttpProtocol, debug=False,
                                  url_length_limit=65536, custom_pool=eventlet.GreenPool(256), capitalize_response_headers=False))
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print('ready', flush=True)
for server in servers:
    server.wait()
