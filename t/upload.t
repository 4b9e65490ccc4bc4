# Resumable uploads through both kinds of location: the URLs lead back to the
# gateway, later calls go to the owner, and no log has what they are.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my %keys = map { ("pool-key-$_-secret" => "p$_") } 1 .. 5;
my $fake = $t->fake(keys => \%keys);

my $pool = join "\n", map {
    "    key pool-key-$_-secret name=k$_ project=p$_;"
} 1 .. 5;

$t->conf(<<"EOT");
gemini_pool main {
$pool
    model gemini-3.8-flash;
}

log_format v '\$request|\$request_uri|\$args|\$gemini_trail';
access_log %%DIR%%/upload.log v;

server {
    listen 127.0.0.1:%%PORT_0%%;
    listen 127.0.0.1:%%PORT_3%% http2;
    client_max_body_size 0;
    client_body_buffer_size 256k;

    location / { gemini_pass main /gemini-upstream; }
    location /gate/ { gemini_pass main /gemini-upstream; }

    location /upload/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_upload.conf;
    }

    location /other/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        proxy_redirect https://generativelanguage.googleapis.com/ /;
        include %%ROOT%%/conf/gemini_upload.conf;
    }

    location /as-it-is/ {
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        proxy_redirect off;
        include %%ROOT%%/conf/gemini_upload.conf;
    }

    location /named/ {
        gemini_base https://api.example.com/ai/;
        gemini_pass main /gemini-upstream;
    }

    location /dead/ {
        gemini_select main;
        proxy_pass http://127.0.0.1:%%PORT_2%%;
        include %%ROOT%%/conf/gemini_upload.conf;
    }

    location /dead-pass/ {
        gemini_pass main /dead-upstream;
    }

    location = /dead-upstream {
        internal;
        proxy_pass http://127.0.0.1:%%PORT_2%%;
    }

    %%GEMINI_UPSTREAM%%
}
EOT
$t->start;

my $chunk = 8 * 1024 * 1024;
my @ids;


sub begin {
    my ($prefix, $size, $args) = @_;

    my $r = $t->post("$prefix/upload/v1beta/files" . ($args // ''),
                     {'X-Goog-Upload-Protocol' => 'resumable',
                      'X-Goog-Upload-Command' => 'start',
                      'X-Goog-Upload-Header-Content-Length' => $size,
                      'X-Goog-Upload-Header-Content-Type' => 'video/mp4'},
                     {file => {display_name => 'x'}});

    my ($id) = ($r->{headers}{'x-goog-upload-url'} // '')
               =~ /upload_id=([^&]+)/;
    push @ids, $id if defined $id;

    return $r;
}


sub target {
    my ($r, $name) = @_;

    return $r->{headers}{$name // 'x-goog-upload-url'}
           =~ s{^\w+://[^/]+}{}r;
}


sub mark {
    my @log = $fake->log;
    return @log ? $log[-1]{seq} : 0;
}


for my $prefix ('', '/gate', '/other') {
    my $size = 2 * $chunk + 12345;
    my $data = join '', map { chr(($_ * 7 + length $prefix) % 251) }
                        1 .. 65536;
    $data = substr($data x 300, 0, $size);

    my $mark = mark();
    my $r = begin($prefix, $size, '?key=client-secret-1');
    is($r->{status}, 200, "'$prefix': begun");

    for my $name ('x-goog-upload-url', 'x-goog-upload-control-url') {
        like($r->{headers}{$name},
             qr{^http://127\.0\.0\.1:\d+\Q$prefix\E/upload/v1beta/files\?},
             "$name leads back");
        unlike($r->{headers}{$name}, qr/[?&]key=/, '.. without a key');
    }

    is($r->{headers}{'x-goog-upload-status'}, 'active', 'its status is kept');

    my ($start) = $fake->log(since => $mark);
    my ($path, $offset) = (target($r), 0);

    while ($offset < $size) {
        my $piece = substr($data, $offset, $chunk);
        my $last = $offset + length $piece == $size;

        $r = $t->post($path, {'X-Goog-Upload-Command' =>
                                  $last ? 'upload, finalize' : 'upload',
                              'X-Goog-Upload-Offset' => $offset}, $piece);
        is($r->{status}, 200, "a chunk at $offset");
        is($r->{headers}{'x-goog-upload-status'},
           $last ? 'final' : 'active', '.. its status');
        is(($fake->log)[-1]{md5}, md5_hex($piece), '.. whole');
        $offset += length $piece;
    }

    my $file = $r->{json}{file};
    is($file->{sizeBytes}, $size, 'all of it came');
    is_deeply([map { $_->{project} } $fake->log(since => $mark)],
              [($start->{project}) x 4], 'to one project');

    $r = $t->get("/v1beta/$file->{name}");
    is($r->{status}, 200, 'the file is known');
    is(($fake->log)[-1]{project}, $start->{project}, '.. as its');
}

# uploadType=resumable: Location, Content-Range, 308

for my $prefix ('', '/gate', '/other') {
    my $data = join '', map { chr(($_ * 11 + length $prefix) % 251) } 1 .. 6e5;
    my $half = 2 ** 18;
    my $mark = mark();
    my $r = $t->post("$prefix/upload/v1beta/files?uploadType=resumable"
                     . '&key=client-secret-1',
                     {'X-Upload-Content-Type' => 'video/mp4'},
                     {file => {display_name => 'x'}});

    is($r->{status}, 200, "'$prefix', Location: begun");
    like($r->{headers}{location},
         qr{^http://127\.0\.0\.1:\d+\Q$prefix\E/upload/v1beta/files\?},
         '.. leads back');
    unlike($r->{headers}{location}, qr/[?&]key=/, '.. without a key');

    my $path = target($r, 'location');
    push @ids, $path =~ /upload_id=([^&]+)/;

    my $end = length($data) - 1;
    my $first = $half - 1;

    $r = $t->request(PUT => $path,
                     {'Content-Range' => "bytes 0-$first/*"},
                     substr $data, 0, $half);
    is($r->{status}, 308, 'a piece: go on');
    is($r->{headers}{range}, "bytes=0-$first", '.. from there');

    $r = $t->request(PUT => $path, {'Content-Range' => 'bytes */*'}, '');
    is($r->{headers}{range}, "bytes=0-$first", 'asked for');

    $r = $t->request(PUT => $path, {'Content-Range' =>
                                        "bytes $half-$end/" . length $data},
                     substr $data, $half);
    is($r->{json}{file}{sizeBytes}, length $data, 'all of it came');

    my @project = map { $_->{project} } $fake->log(since => $mark);
    is_deeply(\@project, [($project[0]) x 4], 'to one project');

    $r = $t->get("/v1beta/$r->{json}{file}{name}");
    is($r->{status}, 200, 'the file is known');
}

# what is no URL may hold the key: it is left out, over HTTP/2 too, where nginx
# writes Location by itself

for my $prefix ('/gate', '/other', '/as-it-is') {
    my @ask = ('POST', "$prefix/upload/v1beta/files?uploadType=resumable", {},
               {file => {display_name => 'x'}});

    for my $port (0, 3) {
        $fake->script({status => 200, type => 'application/json', body => '{}',
                       extra_headers => {Location =>
                                             'files?key=pool-key-9-secret'}});

        my $r = $port ? $t->h2(@ask, port => $t->port(3)) : $t->request(@ask);

        is($r->{status}, 200, "'$prefix', no URL");
        is($r->{headers}{location}, undef, '.. no Location');
    }

    $fake->script();
}

# an address of its own

{
    my $r = begin('/named', 10);
    like($r->{headers}{'x-goog-upload-url'},
         qr{^https://api\.example\.com/ai/upload/v1beta/files\?upload_id=},
         'gemini_base');

    $r = $t->post('/upload/v1beta/files',
                  {'X-Goog-Upload-Protocol' => 'resumable',
                   'X-Goog-Upload-Command' => 'start',
                   'X-Forwarded-Host' => 'evil.example',
                   'X-Forwarded-Proto' => 'https',
                   'X-Goog-Upload-Header-Content-Length' => 10}, {});
    like($r->{headers}{'x-goog-upload-url'}, qr{^http://127\.0\.0\.1},
         'X-Forwarded-* is not believed');
}

# one attempt for what has bytes; a refused start is tried elsewhere

{
    $fake->script({times => 2, case => 'full429_minute'});
    my $mark = mark();
    my $r = begin('/gate', 3);
    is($r->{status}, 200, 'a start that was refused twice');
    is(scalar($fake->log(since => $mark)), 3, '.. is begun elsewhere');

    my $owner = ($fake->log)[-1]{project};

    $fake->script({times => 1, case => 'internal500'});
    $mark = mark();
    $r = $t->post(target($r), {'X-Goog-Upload-Command' => 'upload, finalize',
                               'X-Goog-Upload-Offset' => 0}, 'abc');
    is($r->{status}, 500, 'a chunk that failed');
    is(scalar($fake->log(since => $mark)), 1, '.. is not sent twice');
    $fake->script();
}

# control URL: query, cancel

{
    my $r = begin('', 100);
    my $control = target($r, 'x-goog-upload-control-url');

    $r = $t->post($control, {'X-Goog-Upload-Command' => 'query'}, '');
    is($r->{status}, 200, 'a query');
    is($r->{headers}{'x-goog-upload-status'}, 'active', '.. its status');
    is($r->{headers}{'x-goog-upload-size-received'}, 0, '.. and size');

    $r = $t->post($control, {'X-Goog-Upload-Command' => 'cancel'}, '');
    is($r->{headers}{'x-goog-upload-status'}, 'cancelled', 'cancelled');
}

# nothing in the error log, even where nginx itself tells of a failure

for my $prefix ('/dead', '/dead-pass') {
    my $id = 'ABPnzsecret-upload-id' . length $prefix;
    push @ids, $id;

    my $r = $t->post("$prefix/upload/v1beta/files?upload_id=$id"
                     . '&upload_protocol=resumable',
                     {'X-Goog-Upload-Command' => 'upload, finalize',
                      'X-Goog-Upload-Offset' => 0}, 'abc');
    cmp_ok($r->{status}, '>=', 500, "$prefix: no upstream");
}

like($t->error_log, qr/connect\(\) failed/, 'nginx has told of it');

for my $id (@ids) {
    my $found = grep { index($_, $id) >= 0 }
                ($t->error_log, $t->read('upload.log'));
    is($found, 0, 'an upload_id is in no log');
}

$t->done;
