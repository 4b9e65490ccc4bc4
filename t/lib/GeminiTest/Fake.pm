package GeminiTest::Fake;

# A fake Gemini in a process of its own, and the calls of its control plane.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use GeminiTest::Http;
use POSIX ':sys_wait_h';
use Time::HiRes qw(sleep time);

my $json = Cpanel::JSON::XS->new->utf8->canonical;


# start(dir => .., root => .., tls => 0|1, deadline => seconds, config => {})
sub start {
    my ($class, %arg) = @_;
    my $self = bless {%arg}, $class;
    my $name = "$arg{dir}/fake-$arg{number}";
    my @command = ($^X, "$arg{root}/util/fake-gemini",
                   '--listen', '127.0.0.1:0', '--parent-pid', $$,
                   '--ready-file', "$name.ready", '--config', "$name.json");

    push @command, '--tls', "$arg{dir}/tls" if $arg{tls};
    write_file("$name.json", $json->encode($arg{config} // {}));

    my $pid = fork // die "fork: $!\n";

    if (!$pid) {
        open STDOUT, '>', "$name.out";
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }

    @$self{qw(pid owner out)} = ($pid, $$, "$name.out");
    $self->wait_ready("$name.ready");

    return $self;
}


sub write_file {
    my ($path, $text) = @_;

    open my $file, '>', $path or die "$path: $!\n";
    print $file $text;
    close $file or die "$path: $!\n";

    return;
}


sub read_file {
    my ($path) = @_;

    open my $file, '<', $path or return '';
    local $/;
    return scalar(<$file>) // '';
}


sub wait_ready {
    my ($self, $path) = @_;
    my $end = time + $self->{deadline};

    until (-s $path) {
        die "the fake does not start: " . read_file($self->{out}) . "\n"
            if time > $end || waitpid($self->{pid}, WNOHANG) != 0;
        sleep 0.01;
    }

    my $text = read_file($path);
    ($self->{port}) = $text =~ /:(\d+)/;
    $self->{address} = "127.0.0.1:$self->{port}";

    return;
}


sub address { return $_[0]{address} }

sub port { return $_[0]{port} }

sub ca { return "$_[0]{dir}/tls/ca.pem" }


sub call {
    my ($self, $method, $page, $data, $timeout) = @_;
    my $deadline = $self->{deadline} + ($timeout // 0);
    my $exchange = GeminiTest::Http->begin(
        port    => $self->{port},
        method  => $method,
        target  => "/_fake/$page",
        headers => [],
        body    => $method eq 'POST' ? $data // {} : undef,
        timeout => $deadline,
        tls     => $self->{tls},
        keep    => 1,
        on      => delete $self->{exchange},
    );
    my $answer = $exchange->finish;

    $self->{exchange} = $answer->{exchange};
    die "fake: $method $page: " . ($answer->{json}{error}
        // $answer->{error} // 'no answer') . "\n"
        unless ($answer->{status} // 0) == 200;

    return $answer->{json};
}


sub query {
    my (%arg) = @_;

    return join '&', map {
        my $value = $arg{$_};
        $value =~ s/([^\w.~*-])/sprintf '%%%02X', ord $1/ge;
        "$_=$value";
    } sort keys %arg;
}


sub config {
    my ($self, %config) = @_;

    $self->{config} = {%{$self->{config} // {}}, %config};
    $self->call(POST => 'config', \%config);

    return $self;
}


# a list of rules, for what they may say see t/README
sub script {
    my ($self, @rules) = @_;

    @rules = @{$rules[0]} if @rules == 1 && ref $rules[0] eq 'ARRAY';
    $self->call(POST => 'script', \@rules);

    return $self;
}


sub append {
    my ($self, @rules) = @_;

    $self->call(POST => 'script?append=1', \@rules);
    return $self;
}


sub reset {
    my ($self) = @_;

    $self->call(POST => 'reset');
    return $self;
}


# the recorded requests; filters as in t/README
sub log {
    my ($self, %filter) = @_;
    return @{$self->call(GET => 'log?' . query(%filter))};
}


# waits until n requests that fit are recorded; their number or 0
sub wait {
    my ($self, %arg) = @_;
    my $timeout = ($arg{timeout} // 10) * ($self->{slow} // 1);
    my $answer = $self->call(GET => 'wait?'
        . query(%arg, timeout => $timeout), undef, $timeout);

    return $answer->{ok} ? $answer->{count} : 0;
}


sub release {
    my ($self, $name, $n) = @_;

    $self->call(POST => 'release?' . query(name => $name,
        defined $n ? (n => $n) : ()));
    return $self;
}


sub connections { return $_[0]->call(GET => 'connections') }

sub state { return $_[0]->call(GET => 'state') }


# the things of projects: {kind, id, name, project, md5, ..}
sub resources {
    my ($self, $kind) = @_;
    my $page = 'resources' . (defined $kind ? "?kind=$kind" : '');

    return @{$self->call(GET => $page)};
}


# changes one of them: (name, state => .., expires => 0, gone => 1)
sub resource {
    my ($self, $name, %arg) = @_;

    $self->call(POST => 'resource', {%arg, name => $name});
    return $self;
}


sub forget {
    my ($self) = @_;

    $self->call(POST => 'forget');
    return $self;
}


# waits until no more than n connections are open
sub wait_connections {
    my ($self, $n, $timeout) = @_;
    my $end = time + ($timeout // 10) * ($self->{slow} // 1);

    while ($self->connections->{open} > $n) {
        return 0 if time > $end;
        sleep 0.01;
    }

    return 1;
}


sub keys {
    my ($self) = @_;
    my $keys = $self->{config}{keys};

    return $keys ? CORE::keys %$keys : ();
}


sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} // return;

    return if $self->{owner} != $$;

    kill TERM => $pid;
    waitpid $pid, 0;

    return;
}


sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);

    $self->stop;
    return;
}


1;
