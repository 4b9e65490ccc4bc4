package FakeGemini::Control;

# The tests' side of the fake: /_fake/ on the same port, without a credential.

use Mojo::Base -base, -signatures;

use Cpanel::JSON::XS ();
use FakeGemini::Quota;
use FakeGemini::Script;
use Mojo::IOLoop;

has 'app';

my $json = Cpanel::JSON::XS->new->utf8->canonical->allow_nonref;

my @shown = qw(seq conn tls time method target path args http headers framing
               length md5 body complete key where credentials project number
               surface version verb model stream rule status sent sent_md5
               done cut closed_early resource frames);

my %page = (
    'POST config'     => \&config,
    'POST script'     => \&script,
    'POST reset'      => \&reset,
    'POST release'    => \&release,
    'GET log'         => \&log,
    'GET wait'        => \&wait_for,
    'GET connections' => \&connections,
    'GET state'       => \&state,
    'GET resources'   => \&resources,
    'POST resource'   => \&resource,
    'POST forget'     => \&forget,
);


sub handle ($self, $req, $conn) {
    my ($name) = $req->{path} =~ m{^/_fake/(\w+)$};
    my $page = $page{"$req->{method} " . ($name // '')};

    return reply($conn, 404, {error => 'no such page'}) unless $page;
    return $page->($self, $req, $conn);
}


sub reply ($conn, $status, $data) {
    $conn->answer({
        status  => $status,
        type    => 'application/json',
        own     => 1,
        framing => 'length',
        pieces  => [$json->encode($data) . "\n"],
    });

    return;
}


sub config ($self, $req, $conn) {
    my $error = $self->app->configure($req->{data});

    return reply($conn, 400, {error => $error}) if $error;
    return reply($conn, 200, {ok => 1});
}


sub script ($self, $req, $conn) {
    my $error = FakeGemini::Script->check($req->{data});
    my $script = $self->app->script;

    return reply($conn, 400, {error => $error}) if $error;

    $script->set($req->{args}{append}
        ? [@{$script->rules}, @{$req->{data}}] : $req->{data});

    return reply($conn, 200, {ok => 1});
}


sub reset ($self, $req, $conn) {
    $self->app->reset;
    return reply($conn, 200, {ok => 1});
}


# n permits for a gate; without n it stays open
sub release ($self, $req, $conn) {
    my $name = $req->{args}{name} // '';

    $self->app->release($name, $req->{args}{n});
    return reply($conn, 200, {ok => 1});
}


sub log ($self, $req, $conn) {
    my $filter = $self->filter($req->{args});
    my $since = $req->{args}{since} // 0;
    my @list = map { my %entry; @entry{@shown} = @$_{@shown}; \%entry }
        grep { $_->{seq} > $since && $filter->($_) } @{$self->app->log};

    return reply($conn, 200, \@list);
}


# members of the log entry, as globs; match: a regular expression over
# "METHOD target key model status"
sub filter ($self, $args) {
    my @tests;

    for my $name (qw(key project model verb surface method status seq rule
                     done complete closed_early waiting path))
    {
        my $glob = $args->{$name} // next;
        push @tests, sub ($entry) {
            FakeGemini::Quota::glob_matches($glob, $entry->{$name} // '');
        };
    }

    if (defined(my $match = $args->{match})) {
        my $re = eval { qr/$match/ } // qr/\Q$match\E/;
        push @tests, sub ($entry) {
            join(' ', map { $_ // '-' } @$entry{qw(method target key model
                                                   status)}) =~ $re;
        };
    }

    return sub ($entry) {
        for my $test (@tests) {
            return 0 unless $test->($entry);
        }
        return 1;
    };
}


sub wait_for ($self, $req, $conn) {
    my $args = $req->{args};

    $args->{complete} //= 1 unless $args->{closed_early};

    my $waiter = {
        filter => $self->filter($args),
        n      => $args->{n} // 1,
        seen   => {},
        since  => $args->{since} // 0,
        conn   => $conn,
    };

    $self->see($waiter, $_) for @{$self->app->log};
    return if $self->ready($waiter);

    $self->{waiters}{0 + $waiter} = $waiter;

    $waiter->{timer} = Mojo::IOLoop->timer(($args->{timeout} // 10) => sub {
        delete $self->{waiters}{0 + $waiter};
        reply($conn, 200, {ok => 0, count => scalar keys %{$waiter->{seen}}})
            unless $conn->{gone};
    });

    return;
}


sub see ($self, $waiter, $entry) {
    return if $entry->{seq} <= $waiter->{since};
    return if $entry->{seq} <= $self->app->{reset_at};
    $waiter->{seen}{$entry->{seq}} = 1 if $waiter->{filter}->($entry);
    return;
}


sub ready ($self, $waiter) {
    my $count = keys %{$waiter->{seen}};

    return 0 if $count < $waiter->{n};

    delete $self->{waiters}{0 + $waiter};
    Mojo::IOLoop->remove($waiter->{timer}) if $waiter->{timer};
    reply($waiter->{conn}, 200, {ok => 1, count => $count})
        unless $waiter->{conn}{gone};

    return 1;
}


# an entry of the log has changed
sub changed ($self, $entry) {
    for my $waiter (values %{$self->{waiters} // {}}) {
        $self->see($waiter, $entry);
        $self->ready($waiter);
    }

    return;
}


# what there is, of a kind, and whose it is
sub resources ($self, $req, $conn) {
    return reply($conn, 200,
                 $self->app->store->described($req->{args}{kind}));
}


sub resource ($self, $req, $conn) {
    my $error = ref $req->{data} eq 'HASH'
        ? $self->app->store->change($req->{data}) : 'no object';

    return reply($conn, 400, {error => $error}) if $error;
    return reply($conn, 200, {ok => 1});
}


sub forget ($self, $req, $conn) {
    $self->app->store->kinds({});
    $self->app->{uploads} = {};

    return reply($conn, 200, {ok => 1});
}


sub connections ($self, $req, $conn) {
    return reply($conn, 200, $self->app->connection_counts);
}


sub state ($self, $req, $conn) {
    my $app = $self->app;
    my @rules = map { { seen => $_->{_seen}, used => $_->{_used} } }
        @{$app->script->rules};
    my %cells = map { s/\0/ /r => $app->quota->cells->{$_} }
        keys %{$app->quota->cells};

    return reply($conn, 200, {
        requests => $app->{seq},
        rules    => \@rules,
        cells    => \%cells,
        gates    => $app->gate_counts,
    });
}


1;
