# The complete example of README.md, as it stands there, at work: with the
# shipped files, over TLS, against the fake.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new(workers => 1);
my $fake = $t->fake(tls => 1, keys => {'paid-secret-2' => 'acme',
                                       'free-secret-3' => 'free-a'});


sub slurp {
    my ($path) = @_;

    open(my $f, '<', $path) or die "$path: $!";
    local $/;
    return <$f>;
}


# only addresses, the CA and places of files are not the reader's

my ($example) = slurp('README.md')
                =~ /```nginx\nload_module.*?\nhttp \{\n(.*?)^\}\n```/ms;
ok($example, 'there is an example');

for my $path (glob 'conf/gemini_*.conf') {
    my ($name) = $path =~ m{([^/]+)$};
    my $address = $fake->address;

    $t->write($name, slurp($path)
              =~ s/(server\s+)generativelanguage\S+:443/$1$address/mgr
              =~ s{/etc/ssl/certs/ca-certificates\.crt}{%%CA%%}gr);
}

$t->env(PAID_KEY => 'paid-secret-2');
$t->write('secrets/gemini.keys',
          "free-secret-3 name=free1 project=free-a\n", 0600);
$t->write('secrets/teams.map', qq{"token-1" research;\n"token-2" blue;\n},
          0600);

my $n = 0;

$example =~ s/(listen\s+)127\.0\.0\.1:\d+/"${1}127.0.0.1:%%PORT_".$n++.'%%'/ge;
$example =~ s{/var/log/nginx/}{%%DIR%%/}g;
$example =~ s/^\s*probe .*\n//m;

$t->conf($example);
$t->start;

my $path = '/v1beta/models/gemini-3.8-flash:generateContent';
my $hello = {contents => []};
my %token = ('x-goog-api-key' => 'token-1');

is($t->post($path, {}, $hello)->{status}, 401, 'without a token');
is($t->post($path, \%token, $hello)->{status}, 200, 'with one');
is($t->post("$path?key=token-2", {}, $hello)->{status}, 200,
   'in the query');
is(($fake->log)[-1]{key}, 'free-secret-3', 'the free key comes first');

# uploads

is($t->post('/upload/v1beta/files', {}, 'x')->{status}, 401,
   'an upload without a token');

my $r = $t->post('/upload/v1beta/files',
                 {%token, 'X-Goog-Upload-Protocol' => 'resumable',
                  'X-Goog-Upload-Command' => 'start',
                  'X-Goog-Upload-Header-Content-Length' => 3}, {file => {}});
is($r->{status}, 200, 'an upload');

my $url = $r->{headers}{'x-goog-upload-url'} =~ s{^http://[^/]+}{}r;

$r = $t->post($url, {%token,
                     'X-Goog-Upload-Command' => 'upload, finalize',
                     'X-Goog-Upload-Offset' => 0}, 'abc');
is($r->{status}, 200, '.. by the URL that it was given');
is($r->{json}{file}{sizeBytes}, 3, '.. whole');

is($t->get('/v1beta/files', \%token)->{status}, 403,
   'no list for a team');
is($t->get('/ws/google.ai.generativelanguage.v1beta.GenerativeService'
           . '.BidiGenerateContent')->{status}, 401,
   'no socket without a token');

# the team's rate

my $limited = grep { $_ == 429 }
              map { $t->post($path, \%token, $hello)->{status} } 1 .. 40;
cmp_ok($limited, '>', 0, 'a team that asks too much is told');

$t->done;
