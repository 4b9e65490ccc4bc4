# Resources stay with their project: what a request names decides whose key it
# gets; what nobody knows is asked of one project after another, and learned.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my %keys = map { ("pool-key-$_-secret" => "p$_") } 1 .. 6;

$keys{'pool-key-7-secret'} = 'p1';

my $fake = $t->fake(keys => \%keys);

my $pool = join "\n", map {
    "    key pool-key-$_-secret name=k$_ project=$keys{\"pool-key-$_-secret\"};"
} 1 .. 7;

$t->conf(<<"EOT");
map \$http_x_team \$team { default \$http_x_team; }

gemini_pool main {
$pool
    model  gemini-3.8-flash;
    model  gemini-3.5-flash-lite;
    queue  16 timeout=100ms;
    state  main.json;
}

log_format o '\$request|\$gemini_project|\$gemini_trail|\$gemini_team';
access_log %%DIR%%/owner.log o;

server {
    listen 127.0.0.1:%%PORT_0%%;
    client_max_body_size 64m;

    location / {
        gemini_team \$team;
        gemini_pass main /gemini-upstream;
    }

    location /operator/ {
        gemini_pass main /gemini-upstream;
    }

    location /upload/ {
        gemini_team \$team;
        gemini_select main;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_upload.conf;
    }

    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    location /gemini/status { gemini_status main; }
}
EOT

$t->start;

my $flash = '/v1beta/models/gemini-3.8-flash:generateContent';


# through the gateway, as SDKs do; the file's data

sub upload {
    my ($bytes, %o) = @_;

    my $r = $t->post(($o{prefix} // '') . '/upload/v1beta/files',
                     {'X-Goog-Upload-Protocol' => 'resumable',
                      'X-Goog-Upload-Command' => 'start',
                      'X-Goog-Upload-Header-Content-Length' => length $bytes,
                      'X-Goog-Upload-Header-Content-Type' => 'text/plain',
                      $o{team} ? ('X-Team' => $o{team}) : ()},
                     {file => {display_name => 'x'}});

    my ($path) = $r->{headers}{'x-goog-upload-url'} =~ m{^http://[^/]+(/.*)};

    $r = $t->post($path, {'X-Goog-Upload-Command' => 'upload, finalize',
                          'X-Goog-Upload-Offset' => 0,
                          $o{team} ? ('X-Team' => $o{team}) : ()}, $bytes);

    return $r->{json}{file};
}


# straight to the fake, behind the gateway's back

sub foreign {
    my ($key, $method, $path, $data) = @_;

    return $t->request($method, $path, {'x-goog-api-key' => $key}, $data,
                       port => $fake->port);
}


sub says {
    my ($uri, @more) = @_;

    return {contents => [{role => 'user', parts => [
        {text => 'what is it?'},
        {fileData => {mimeType => 'text/plain', fileUri => $uri}},
        map({ {file_data => {file_uri => $_}} } @more)]}]};
}


sub projects {
    my ($since) = @_;
    return join ' ', map { $_->{project} } $fake->log(since => $since);
}


sub mark {
    my @log = $fake->log;
    return @log ? $log[-1]{seq} : 0;
}


my (%file, %cache);

# uploaded here, used here

{
    my $file = upload('some text');

    like($file->{name}, qr{^files/}, 'uploaded');
    like($file->{uri}, qr{^https://generativelanguage\.googleapis\.com/},
         'its uri keeps the host');

    my ($start) = grep { $_->{path} eq '/upload/v1beta/files'
                         && $_->{args} !~ /upload_id/ } $fake->log;
    my $owner = $start->{project};
    my $mark = mark();

    my ($r) = $t->load(n => 40, c => 8, make => sub {
        return ["POST", $flash, {}, says($file->{uri})];
    });

    is(scalar(grep { $_->{status} != 200 } @$r), 0, 'used 40 times');
    is_deeply([grep { $_->{project} ne $owner } $fake->log(since => $mark)],
              [], 'all of them with keys of its project');

    $file{own} = $file;
    $file{project} = $owner;
}

# beside what is known: learned with it

{
    my ($key) = grep { $keys{$_} eq $file{project} } sort keys %keys;
    my $r = foreign($key, 'POST', '/v1beta/cachedContents',
                    {model => 'models/gemini-3.8-flash',
                     contents => [{parts => [{text => 'x' x 9000}]}]});
    my $cache = $r->{json}{name};

    $r = $t->post($flash, {}, {%{says($file{own}{uri})},
                               cachedContent => $cache});
    is($r->{status}, 200, 'a known file and an unknown cache');

    my $mark = mark();
    $t->post($flash, {}, {cachedContent => $cache, contents => []})
        for 1 .. 6;
    is(projects($mark), join(' ', ($file{project}) x 6),
       '.. whose owner is known then');
}

# unknown: one key a project, and learned

{
    my $r = foreign('pool-key-5-secret', 'POST', '/v1beta/cachedContents',
                    {model => 'models/gemini-3.8-flash',
                     contents => [{parts => [{text => 'x' x 9000}]}]});
    is($r->{status}, 200, 'a cache made elsewhere');

    $cache{p5} = $r->{json}{name};

    my $mark = mark();
    $r = $t->post($flash, {}, {contents => [{parts => [{text => 'hi'}]}],
                               cachedContent => $cache{p5}});
    is($r->{status}, 200, 'found');

    my @asked = split / /, projects($mark);
    my %seen;
    is(scalar(grep { $seen{$_}++ } @asked), 0, 'no project is asked twice');
    is($asked[-1], 'p5', 'until the owner has it');

    $mark = mark();
    $t->post($flash, {}, {cached_content => $cache{p5}, contents => []})
        for 1 .. 5;
    is(projects($mark), 'p5 p5 p5 p5 p5', 'then the owner alone');

    my $s = $t->status('main');
    is(scalar(grep { $_->{state} ne 'usable' } @{$s->{keys}}), 0,
       'no key was hurt');
}

# a store's refusal names nothing: it hurts no key

{
    my $mark = mark();
    my $r = $t->post($flash, {}, {contents => [], tools => [{fileSearch => {
        fileSearchStoreNames => ['fileSearchStores/nosuch'] }}]});
    is($r->{status}, 403, "an unknown store");
    is(scalar(split / /, projects($mark)), 6, '.. each project was asked');

    my $s = $t->status('main');
    is(scalar(grep { $_->{state} ne 'usable' } @{$s->{keys}}), 0,
       '.. no key was hurt');
    is(scalar(grep { $_->{state} ne 'usable' } @{$s->{cells}}), 0,
       '.. and no cell');
}

# nobody's

{
    my $mark = mark();
    my $r = $t->post($flash, {},
                     says('https://generativelanguage.googleapis.com/v1beta/'
                          . 'files/nobodys0'));
    is($r->{status}, 403, "nobody's");
    like($r->{body}, qr/You do not have permission to access the File/,
         "in Google's words");

    my @asked = split / /, projects($mark);
    is(scalar(@asked), 6, 'each project was asked');

    $mark = mark();
    $r = $t->request('DELETE', '/v1beta/files/nobodys0', {});
    is($r->{status}, 403, 'a delete');
    is(scalar(split / /, projects($mark)), 1, '.. is asked of one alone');

    $mark = mark();
    $r = $t->get('/v1beta/files/nobodys0');
    is($r->{status}, 403, 'a get');
    is(scalar(split / /, projects($mark)), 6, '.. of all');
}

# what is no resource of a project pins nothing

{
    my $mark = mark();
    $t->post($flash, {}, says('https://www.youtube.com/watch?v=x'))
        for 1 .. 12;

    my %seen = map { $_ => 1 } split / /, projects($mark);
    cmp_ok(scalar(keys %seen), '>', 3, 'a video on YouTube is for all');
}

# two owners

{
    my $two = $file{project} eq 'p2' ? 'p3' : 'p2';
    my ($key) = grep { $keys{$_} eq $two } sort keys %keys;

    my $r = foreign($key, 'POST', '/v1beta/cachedContents',
                    {model => 'models/gemini-3.8-flash',
                     contents => [{parts => [{text => 'x' x 9000}]}]});
    $cache{two} = $r->{json}{name};

    $r = $t->get("/v1beta/$cache{two}");
    is($r->{status}, 200, 'learned by a get');

    my $mark = mark();
    $r = $t->post($flash, {}, {%{says($file{own}{uri})},
                               cachedContent => $cache{two}});
    is($r->{status}, 400, 'resources of two projects');
    is($r->{json}{error}{status}, 'INVALID_ARGUMENT', '.. cannot be');
    like($r->{body},
         qr/\Q$cache{two}\E lies in $two, \Q$file{own}{name}\E in $file{project}/,
         '.. told by name');
    is(projects($mark), '', '.. nobody was asked');
}

# the owner's quota is all there is

{
    my $p = $file{project};
    $fake->script({project => $p, case => 'full429_minute', retry => '40s'});

    my $mark = mark();
    my $r = $t->post($flash, {}, says($file{own}{uri}));
    is($r->{status}, 429, 'the owner is spent');
    is(scalar(grep { $_ ne $p } split / /, projects($mark)), 0,
       '.. no other project is asked');

    $fake->script();
    $r = $t->post($flash, {}, {contents => []});
    is($r->{status}, 200, 'others serve what is not bound');
}

# lists

{
    my $mark = mark();
    my $r = $t->get('/v1beta/cachedContents?pageSize=1',
                    {'x-goog-api-key' => 'client-x'});
    is($r->{status}, 200, 'a list');

    $t->get('/v1beta/cachedContents?pageSize=1',
            {'x-goog-api-key' => 'client-x'}) for 1 .. 4;

    my %seen = map { $_ => 1 } split / /, projects($mark);
    is(scalar(keys %seen), 1, 'a client sees one project');

    $mark = mark();
    $r = $t->get('/operator/v1beta/cachedContents?project=p5&pageSize=10');
    is(projects($mark), 'p5', '?project= names it');
    is($r->{json}{cachedContents}[0]{name}, $cache{p5}, 'its own');

    my ($e) = $fake->log(since => $mark);
    like($e->{target}, qr/\?pageSize=10$/, '.. and does not go upstream');

    $r = $t->get('/operator/v1beta/files?project=nosuch');
    is($r->{status}, 404, 'an unknown project');
    unlike($r->{body}, qr/p5/, 'no names are given away');
}

# teams

{
    my $file = upload('of red', team => 'red');
    my $r = $t->post($flash, {'X-Team' => 'red'}, says($file->{uri}));
    is($r->{status}, 200, 'a team uses its own');

    my $mark = mark();

    $r = $t->post($flash, {'X-Team' => 'blue'}, says($file->{uri}));
    is($r->{status}, 404, "another team's does not exist");
    like($r->{body}, qr/\Q$file->{name}\E is not found/, '.. it is said');

    $r = $t->get("/v1beta/$file->{name}", {'X-Team' => 'blue'});
    is($r->{status}, 404, '.. nor by its address');

    $r = $t->request('DELETE', "/v1beta/$file->{name}", {'X-Team' => 'blue'});
    is($r->{status}, 404, '.. nor can it be deleted');

    $r = $t->get('/v1beta/files', {'X-Team' => 'red'});
    is($r->{status}, 403, 'teams get no lists');

    $r = $t->post($flash, {'X-Team' => 'red'},
                  says('https://generativelanguage.googleapis.com/v1beta/'
                       . 'files/unknown99'));
    is($r->{status}, 403, 'nor what nobody knows');

    for my $body ("{'contents': [{'parts': [{'fileData': {'fileUri': "
                  . "'$file->{uri}'}}]}]}",
                  '{"a": "' . "\x00" . '", "contents": [')
    {
        $r = $t->post($flash, {'X-Team' => 'blue'}, $body);
        is($r->{status}, 400, "nor is a body taken that cannot be read");
    }

    is(projects($mark), '', 'Google was not asked');

    $r = $t->get("/v1beta/$file->{name}");
    is($r->{status}, 200, 'who has no team may see it');

    $r = $t->get("/v1beta/$file->{name}", {'X-Team' => 'blue'});
    is($r->{status}, 404, '.. which does not make it everyone\'s');
}

# it is remembered

{
    $t->restart;

    my $mark = mark();
    my $r = $t->get("/v1beta/$file{own}{name}");
    is($r->{status}, 200, 'after a restart');
    is(projects($mark), $file{project}, '.. it is still known whose it is');
}

# before the request line, which is nginx's

unlike($t->error_log =~ s/, client: .*//gr,
       qr{(?:files|cachedContents)/[a-z0-9]},
       'no name of a resource is in the log');

$t->done;
