package FakeGemini;

# A Gemini API for tests, trial runs and benchmarks: speaks the bytes of the
# real one, counts quotas by project and model, and does what a script says.
# It is built on Mojo::IOLoop and an HTTP reader of its own, since tests must
# see and send exact bytes. t/README tells how to drive it.

use Mojo::Base -base, -signatures;

use FakeGemini::Api qw(route credential success);
use FakeGemini::Connection;
use FakeGemini::Control;
use FakeGemini::Live qw(live_upgrade token_of);
use FakeGemini::Models qw(default_models);
use FakeGemini::Quota;
use FakeGemini::Script;
use FakeGemini::Store;
use FakeGemini::Upload qw(upload_begins);
use Mojo::Date;
use Mojo::IOLoop;
use Mojo::Util qw(url_unescape);
use POSIX ();

use constant KEEP_BODIES => 64 << 20;

has quota     => sub { FakeGemini::Quota->new };
has script    => sub { FakeGemini::Script->new };
has control   => sub ($self) { FakeGemini::Control->new(app => $self) };
has log       => sub { [] };
has log_limit => 10000;
has models    => sub { default_models() };
has store     => sub ($self) { FakeGemini::Store->new(app => $self) };
has host      => 'https://generativelanguage.googleapis.com';
has redirect  => undef;
has date_offset => 0;
has latency   => undef;

my %demo = (
    'demo-key-1' => 'demo-a', 'demo-key-2' => 'demo-a',
    'demo-key-3' => 'demo-b', 'demo-key-4' => 'demo-b',
    'demo-key-5' => 'demo-c', 'demo-key-6' => 'demo-c',
);


sub new ($class, %args) {
    my $self = $class->SUPER::new;
    my $error = $self->configure({keys => \%demo, %args});

    die "fake gemini: $error\n" if $error;

    $self->{seq} = 0;
    $self->{reset_at} = 0;
    $self->{body_bytes} = 0;
    $self->{open} = {};
    $self->{gates} = {};

    return $self;
}


# keys     {KEY: PROJECT}
# projects {PROJECT: {number, closed: [MODEL GLOB]}}
# models   [NAME or {name, input, output, methods}]
# limits   [{project, model, rpm, tpm, rpd}]
# minute   seconds of a minute, date_offset of the Date header, log_limit,
# latency  milliseconds of every answer
# host, redirect, polls, foreign: see t/README
sub configure ($self, $config) {
    return 'a configuration is an object' if ref $config ne 'HASH';

    my %set = (
        keys     => sub ($v) { $self->{keys} = $v },
        projects => sub ($v) { $self->{projects} = $v },
        models   => sub ($v) { $self->set_models($v) },
        limits   => sub ($v) { $self->quota->limits($v)->cells({}) },
        polls    => sub ($v) { $self->store->polls($v) },
        foreign  => sub ($v) { $self->store->foreign($v) },
        minute   => sub ($v) { $self->quota->minute($v) },
        map { my $name = $_; $name => sub ($v) { $self->$name($v) } }
            qw(date_offset log_limit latency host redirect),
    );

    for my $name (sort keys %$config) {
        my $setter = $set{$name} // return "unknown setting \"$name\"";
        $setter->($config->{$name});
    }

    return;
}


sub set_models ($self, $list) {
    my @models;

    $list //= default_models();

    for my $item (@$list) {
        my $model = ref $item ? {%$item} : {name => $item};
        my ($known) = grep { $_->{name} eq $model->{name} }
            @{default_models()};

        $known //= {
            input   => 1048576,
            output  => 65536,
            methods => $model->{name} =~ /embed/
                ? [qw(embedContent countTokens)]
                : [qw(generateContent countTokens)],
        };

        push @models, {%$known, %$model};
    }

    $self->models(\@models);
    delete $self->{by_name};

    return;
}


sub model ($self, $name) {
    $self->{by_name} //= {map { $_->{name} => $_ } @{$self->models}};
    return $self->{by_name}{$name};
}


sub reset ($self) {
    my $gates = $self->{gates};

    $self->log([]);
    $self->script->set([]);
    $self->quota->cells({});
    $self->{body_bytes} = 0;
    $self->{gates} = {};
    $self->{reset_at} = $self->{seq};

    for my $gate (values %$gates) {
        $_->() for @{$gate->{queue}};
    }

    return;
}


# --- the listening side ---

sub listen ($self, %args) {
    my $loop = Mojo::IOLoop->singleton->max_connections(100_000);
    my %tls = $args{tls} ? (
        tls         => 1,
        tls_cert    => "$args{tls}/cert.pem",
        tls_key     => "$args{tls}/key.pem",
        tls_options => {
            SSL_version        => 'SSLv23:!SSLv2:!SSLv3:!TLSv1:!TLSv1_1',
            SSL_alpn_protocols => ['http/1.1'],
        },
    ) : ();

    my $server = $loop->server({
        address => $args{host} // '127.0.0.1',
        port    => $args{port} // 0,
        backlog => 4096,
        %tls,
    } => sub ($loop, $stream, $id) {
        $self->accepted($stream, $id, $args{tls} ? 1 : 0);
    });

    return $loop->acceptor($server)->port;
}


sub accepted ($self, $stream, $id, $tls) {
    my $conn = FakeGemini::Connection->new(
        app    => $self,
        stream => $stream,
        id     => ++$self->{connections},
        tls    => $tls,
    );

    $self->{open}{$conn->id} = $conn;
    $conn->start;

    return;
}


sub connection_closed ($self, $conn) {
    delete $self->{open}{$conn->id};
    return;
}


sub connection_counts ($self) {
    my @api = grep { !$_->control } values %{$self->{open}};

    return {
        open     => scalar @api,
        accepted => $self->{connections},
        ids      => [sort { $a <=> $b } map { $_->id } @api],
    };
}


sub date ($self) {
    my $now = time + $self->date_offset;

    return $self->{date} if ($self->{date_at} // 0) == $now;

    $self->{date_at} = $now;
    return $self->{date} = Mojo::Date->new($now)->to_string;
}


# --- requests ---

# the head has come: true when a rule marked "early" answers at once
sub head ($self, $req, $conn) {
    $req->{args} = query_args($req->{query});

    if ($req->{path} =~ m{^/_fake/}) {
        $conn->control(1);
        return 0;
    }

    $req->{seq} = ++$self->{seq};
    push @{$self->log}, $req;

    $req->{routed} = route($req);
    @$req{qw(key where refused)} = credential($req);

    $self->name_project($req) if defined $req->{key};
    upload_begins($self, $req) if ($req->{resource} // '') eq 'upload';

    my $rule = $self->script->find($req, 1) or return 0;

    $req->{prompt} = 1;
    Mojo::IOLoop->next_tick(sub {
        $conn->answer($self->script->answer($self, $req, $rule));
    });

    return 1;
}


sub name_project ($self, $req) {
    my $token = token_of($self, $req);
    my $project = $token ? $token->{project} : $self->{keys}{$req->{key}};

    return unless defined $project;

    $req->{project} = $project;
    $req->{number} = $self->{projects}{$project}{number}
        // 100000000000 + unpack '%24C*', $project;

    return;
}


sub query_args ($query) {
    my %args;

    for my $pair (split /&/, $query // '') {
        my ($name, $value) = map { url_unescape(s/\+/ /gr) }
            split /=/, $pair, 2;
        $args{$name // ''} //= $value // '';
    }

    return \%args;
}


sub request ($self, $req, $conn) {
    return $self->control->handle($req, $conn) unless $req->{seq};

    $self->trim_log($req);
    $self->understand($req);

    my $rule = $self->script->find($req);

    return if (!$rule || defined $rule->{live_close})
        && $self->go_live($req, $conn, $rule // {});

    my $answer = eval {
        $self->script->answer($self, $req, $rule // refusal($req) // {});
    } // broken($@);

    $answer->{latency} //= $self->latency;
    $answer->{gzip} //= $self->wants_gzip($conn) && $answer->{pieces};

    $self->changed($req);
    $conn->answer($answer);

    return;
}


# model and stream of an OpenAI body, tokens of the prompt
sub understand ($self, $req) {
    my $data = ref $req->{data} eq 'HASH' ? $req->{data} : {};

    if ($req->{surface} ne 'native' && $req->{routed}
        && !defined $req->{model} && defined $data->{model})
    {
        $req->{model} = $data->{model} =~ s{^models/}{}r;
    }

    $req->{stream} = $req->{surface} eq 'openai' ? !!$data->{stream} + 0
        : $req->{surface} eq 'interactions'
            ? ($data->{stream} || ($req->{args}{stream} // '') eq 'true')
                ? 1 : 0
        : ($req->{verb} // '') eq 'streamGenerateContent' ? 1 : 0;
    $req->{sse} = $req->{stream} && !($req->{surface} eq 'native'
                                      && $req->{array_errors});
    $req->{prompt} = POSIX::ceil($req->{length} / 4);

    return;
}


# an ephemeral token is looked at behind the upgrade
sub go_live ($self, $req, $conn, $do) {
    return 0 if ($req->{resource} // '') ne 'live' || defined $req->{refused}
        || !defined $req->{project} && !$req->{ephemeral};

    my ($bytes, $read) = live_upgrade($self, $req, $do) or return 0;

    $req->{status} = 101;
    $self->changed($req);
    $conn->upgrade($bytes, $read);

    return 1;
}


# a fault of the fake itself
sub broken ($error) {
    warn "fake gemini: $error";

    return {
        status => 500,
        type   => 'text/plain',
        pieces => ["fake gemini: $error"],
    };
}


sub refusal ($req) {
    return unless defined $req->{refused};
    return {case => $req->{refused}};
}


# what the API answers by itself
sub plain_answer ($self, $req, $do) {
    my ($case, $opt) = $self->plain_refusal($req, $do);
    my $answer;

    if (!$case) {
        ($answer, $opt) = success($self, $req, $do);
        return $answer if ref $answer;
        $case = $answer;
    }

    return FakeGemini::Script::error($req, $case, $opt);
}


sub plain_refusal ($self, $req, $do) {
    return ('empty404', {}) unless $req->{routed};
    return if $do->{ok} || $req->{authorised};

    my $project = $req->{project} // return ('key_invalid', {});
    my $model = $req->{model} // return;

    return ('closed404', {})
        if grep { FakeGemini::Quota::glob_matches($_, $model) }
            @{$self->{projects}{$project}{closed} // []};

    return if $req->{method} eq 'GET'
        || $req->{verb} =~ /^(?:batchGenerate|asyncBatch|openai)/;
    return unless $self->model($model);

    return $self->quota->take($project, $model,
                              ($do->{usage} // {})->{prompt}
                                  // $req->{prompt});
}


sub wants_gzip ($self, $conn) {
    return ($conn->header('accept-encoding') // '') =~ /\bgzip\b/;
}


# remembers a string that is dear to make
sub cached ($self, $name, $make) {
    my $cache = $self->{cache} //= {};

    %$cache = () if keys %$cache > 1000;
    return $cache->{$name} //= $make->();
}


sub changed ($self, $req) {
    $self->control->changed($req) if $req->{seq};
    return;
}


# the log is bounded: in number, and in the bytes of bodies
sub trim_log ($self, $req) {
    my $log = $self->log;

    $self->{body_bytes} += length($req->{body} // '');

    while (@$log > $self->log_limit
           || ($self->{body_bytes} > KEEP_BODIES && @$log > 1))
    {
        my $old = shift @$log;
        $self->{body_bytes} -= length($old->{body} // '');
    }

    return;
}


# --- gates: an answer waits for a permit that a test gives ---

sub gate ($self, $name, $cb) {
    my $gate = $self->{gates}{$name} //= {permits => 0, queue => []};

    return $cb->() if $gate->{open};

    if ($gate->{permits} > 0) {
        $gate->{permits}--;
        return $cb->();
    }

    push @{$gate->{queue}}, $cb;
    return;
}


sub release ($self, $name, $n = undef) {
    my $gate = $self->{gates}{$name} //= {permits => 0, queue => []};

    $gate->{open} = 1 unless defined $n;
    $gate->{permits} += $n // 0;

    while (@{$gate->{queue}} && ($gate->{open} || $gate->{permits} > 0)) {
        my $cb = shift @{$gate->{queue}};
        $gate->{permits}-- unless $gate->{open};
        $cb->();
    }

    return;
}


sub gate_counts ($self) {
    my $gates = $self->{gates};

    return {map { $_ => {
        waiting => scalar @{$gates->{$_}{queue}},
        permits => $gates->{$_}{permits},
        open    => $gates->{$_}{open} ? 1 : 0,
    } } keys %$gates};
}


1;
