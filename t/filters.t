# Body filters of nginx in the internal location and before the client: an
# answer that they change has the length that it then has.

use strict;
use warnings;

use Test::More;
use lib 't/lib';
use GeminiTest;

my $t = GeminiTest->new;
my $fake = $t->fake(keys => {'pool-key-1-secret' => 'p1'});

$t->conf(<<'EOT');
gemini_pool main {
    key    pool-key-1-secret name=k1 project=p1;
    model  gemini-3.8-flash;
}

server {
    listen 127.0.0.1:%%PORT_0%%;
    gzip on;
    gzip_types application/json;

    location /plain/ { gemini_pass main /up-plain; }
    location /sub/ { gemini_pass main /up-sub; }
    location /gunzip/ { gemini_pass main /up-gunzip; }

    location = /up-plain {
        internal;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_proxy.conf;
    }

    location = /up-sub {
        internal;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_proxy.conf;
        sub_filter       "]," "] ,";
        sub_filter_once  off;
        sub_filter_types application/json;
    }

    location = /up-gunzip {
        internal;
        proxy_pass http://%%FAKE%%;
        include %%ROOT%%/conf/gemini_proxy.conf;
        gunzip on;
    }
}
EOT

$t->start;

my $path = '/v1beta/models/gemini-3.8-flash:generateContent';
my $body = {contents => [{parts => [{text => 'Hi'}]}]};


sub ask {
    my ($where, $text, $form, %headers) = @_;

    $fake->reset;
    $fake->script({status => 200, type => 'application/json',
                   body => $text, %$form});

    return $t->post("/$where$path", {%headers}, $body);
}


for my $size (1, 1000, 20_000, 400_000) {
    my $text = '{"candidates":[' . join(',', map { "[$_]" } 1 .. $size / 8)
               . '],"usageMetadata":{}}';
    my $changed = $text =~ s/\],/] ,/gr;

    for my $form ({framing => 'length'}, {framing => 'chunked'},
                  {framing => 'close'}, {framing => 'length', trickle => 4096},
                  {framing => 'chunked', trickle => 4096})
    {
        my $name = "$form->{framing}"
                   . ($form->{trickle} ? ' in pieces' : '') . ", $size";

        my $r = ask('plain', $text, $form);
        ok($r->{complete} && $r->{body} eq $text, "$name: as it is");

        $r = ask('sub', $text, $form);
        ok($r->{complete} && $r->{body} eq $changed, "$name: replaced");

        $r = ask('plain', $text, $form, 'Accept-Encoding' => 'gzip');
        is($r->{complete}, 1, "$name: zipped for the client");

        # a 200 in an encoding is not judged, it is passed on

        $r = ask('gunzip', $text, {%$form, gzip => 1});
        ok($r->{complete} && $r->{body} eq $text, "$name: unzipped");
    }
}

# one that lacks its end does not look whole, after all filters

for my $where (qw(plain sub)) {
    my $text = '{"candidates":[' . ('[1],' x 4000) . '[]]}';
    my $r = ask($where, $text, {cut_at_byte => 9000});

    is($r->{complete}, 0, "$where: cut off");
}

$t->done;
