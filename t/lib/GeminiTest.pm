package GeminiTest;

# The runner of t/*.t: an nginx and fake Geminis for one test, HTTP clients
# that see framing, and the checks that every run of nginx must pass. t/README
# is its manual.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Cwd ();
use File::Basename ();
use File::Path ();
use File::Temp ();
use GeminiTest::Check;
use GeminiTest::Conf;
use GeminiTest::Curl;
use GeminiTest::Fake;
use GeminiTest::Http;
use GeminiTest::Load;
use GeminiTest::Nginx;
use IO::Socket::INET;
use Scalar::Util 'weaken';
use Test::More;
use Time::HiRes qw(sleep time);

my $json = Cpanel::JSON::XS->new->utf8->canonical;
my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../..');
my @all;

$SIG{$_} //= sub { exit 1 } for qw(INT TERM HUP);


# new(workers => 2, daemon => 0, scan_answers => 1)
sub new {
    my ($class, %opt) = @_;
    my $dir = File::Temp::tempdir('gemini-test-XXXXXX', TMPDIR => 1);
    my $self = bless {
        workers      => 2,
        scan_answers => 1,
        %opt,
        dir       => $dir,
        owner     => $$,
        env       => {},
        ports     => [],
        fakes     => [],
        secrets   => [],
        allowed   => [],
        outputs   => [],
        exchanges => [],
    }, $class;

    chmod 0755, $dir;
    chown nobody(), $dir if $> == 0;
    $self->{nginx} = GeminiTest::Nginx->new(test => $self, dir => $dir);
    weaken($self->{nginx}{test});

    push @all, $self;
    weaken($all[-1]);

    return $self;
}


sub nobody {
    my @entry = getpwnam 'nobody';
    return @entry[2, 3];
}


sub root { return $root }

sub dir { return $_[0]{dir} }


# deadlines grow under valgrind and ASan
sub slow {
    my $told = $ENV{TEST_NGINX_SLOW};

    return $told if $told;
    return 10 if $ENV{TEST_NGINX_VALGRIND};
    return 3 if GeminiTest::Nginx::version() =~ /fsanitize/;
    return 1;
}


sub deadline {
    my ($self, $seconds) = @_;
    return $seconds * slow();
}


# a free port, held by a socket that is bound but does not listen
sub port {
    my ($self, $n) = @_;
    my $held = $self->{ports}[$n // 0] //= IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp',
        Type => Socket::SOCK_STREAM(), ReuseAddr => 1)
        // die "no free port: $!\n";

    return $held->sockport;
}


# --- set-up ---

# starts a fake Gemini: the settings of its configuration, and tls => 1
sub fake {
    my ($self, %config) = @_;
    my $tls = delete $config{tls};
    my $fake = GeminiTest::Fake->start(
        dir      => $self->{dir},
        root     => $root,
        number   => scalar @{$self->{fakes}},
        deadline => $self->deadline(20),
        slow     => slow(),
        tls      => $tls,
        config   => \%config,
    );

    push @{$self->{fakes}}, $fake;
    return $fake;
}


# another test object's fake, to be used here too
sub use_fake {
    my ($self, $fake) = @_;

    push @{$self->{fakes}}, $fake;
    return $fake;
}


# the environment of nginx
sub env {
    my ($self, %env) = @_;

    %{$self->{env}} = (%{$self->{env}}, %env);
    return $self;
}


# a string that no log and no output may hold
sub secret {
    my ($self, @strings) = @_;

    push @{$self->{secrets}}, @strings;
    return $self;
}


# log lines that a test expects, though they are alerts
sub allow {
    my ($self, @patterns) = @_;

    push @{$self->{allowed}}, @patterns;
    return $self;
}


# writes a file below the test's directory
sub write {
    my ($self, $name, $text, $mode) = @_;
    my $path = "$self->{dir}/$name";

    File::Path::make_path(File::Basename::dirname($path));
    unlink $path;
    GeminiTest::Fake::write_file($path, $self->expand($text));
    chmod $mode, $path if defined $mode;

    return $path;
}


sub read {
    my ($self, $name) = @_;
    return GeminiTest::Fake::read_file("$self->{dir}/$name");
}


sub expand {
    my ($self, $text) = @_;
    return GeminiTest::Conf::expand($self, $text);
}


# the http level of nginx.conf; main => text of the main level, events => ..,
# raw => the whole file
sub conf {
    my ($self, $http, %part) = @_;

    $self->{http_text} = $http // $part{raw};

    if (defined $part{raw}) {
        $self->{nginx}->write_conf($self->expand($part{raw}));
        return $self;
    }

    my %text = map { $_ => $self->expand($part{$_} // '') } qw(main events);

    $text{http} = $self->expand($http);
    $self->{nginx}->write_conf(GeminiTest::Conf::wrap($self, %text));

    return $self;
}


# --- the running nginx ---

sub start {
    my ($self) = @_;

    $self->{nginx}->start;
    $self->{checked} = 0;

    return $self;
}


# new workers are up (gone => 1: and the old ones away); 0 when the new
# configuration was refused
sub reload {
    my ($self, %opt) = @_;
    return $self->{nginx}->reload(%opt);
}


# ends nginx and checks what it left
sub stop {
    my ($self, %opt) = @_;
    my $nginx = $self->{nginx};

    $self->close_clients;
    $nginx->stop(%opt) if $nginx->is_running;

    return $self if $self->{checked} // 1;

    $self->{checked} = 1;
    GeminiTest::Check::run($self) unless $opt{no_checks};

    return $self;
}


sub restart {
    my ($self) = @_;
    return $self->stop->start;
}


# the last line of a test file
sub done {
    my ($self) = @_;

    $self->stop;
    Test::More::done_testing();
    $self->clean_up;

    return;
}


# exit code and stderr of nginx -t
sub configtest {
    my ($self) = @_;
    my ($code, $text) = $self->{nginx}->configtest;

    push @{$self->{outputs}}, ['nginx -t', $text];
    GeminiTest::Check::secrets_in_outputs($self);

    return wantarray ? ($code, $text) : $code;
}


sub signal { return $_[0]{nginx}->signal($_[1]) }

sub master { return $_[0]{nginx}{master} }

sub workers { return $_[0]{nginx}->workers }

sub old_workers { return $_[0]{nginx}->old_workers }

sub error_log { return $_[0]->read('error.log') }

sub access_log { return $_[0]->read('access.log') }


# a place in the error log, for wait_log(since => ..)
sub log_mark { return -s "$_[0]{dir}/error.log" || 0 }


# polls until the condition holds; its value, or false at the deadline
sub wait_for {
    my ($self, $condition, $seconds) = @_;
    my $end = time + $self->deadline($seconds // 10);

    while (1) {
        my $value = $condition->();
        return $value if $value;
        return if time > $end;
        sleep 0.01;
    }
}


# waits for a line of the error log (file => 'access.log' for another)
sub wait_log {
    my ($self, $pattern, $seconds, %opt) = @_;
    my $file = $opt{file} // 'error.log';

    return $self->wait_for(sub {
        return substr($self->read($file), $opt{since} // 0) =~ $pattern;
    }, $seconds);
}


# waits until so many workers of this generation live; their pids
sub wait_workers {
    my ($self, $n, $seconds) = @_;

    $self->wait_for(sub { $self->workers == $n }, $seconds);
    return $self->workers;
}


# --- clients ---

sub request {
    my ($self, $method, $target, $headers, $body, %opt) = @_;
    my $exchange = $self->stream($method, $target, $headers, $body, %opt);
    my $answer = $exchange->finish;

    GeminiTest::Check::answer($self, "$method $target", $answer)
        if $self->{scan_answers};
    $self->forget($exchange) unless $answer->{exchange};

    return $answer;
}


sub get {
    my ($self, $target, $headers, %opt) = @_;
    return $self->request(GET => $target, $headers, undef, %opt);
}


sub post {
    my ($self, $target, $headers, $body, %opt) = @_;
    return $self->request(POST => $target, $headers, $body, %opt);
}


# sends a request; the answer is then read as the test likes
sub stream {
    my ($self, $method, $target, $headers, $body, %opt) = @_;
    my $class = delete $opt{h2} ? 'GeminiTest::Curl' : 'GeminiTest::Http';
    my $exchange = $class->begin(
        timeout => $self->deadline(30),
        port    => $self->port(0),
        %opt,
        method  => $method,
        target  => $target,
        headers => $headers,
        body    => $body,
    );

    push @{$self->{exchanges}}, $exchange;
    return $exchange;
}


# bytes as they are, to be read as one answer
sub raw {
    my ($self, $bytes, %opt) = @_;
    my $exchange = GeminiTest::Http->begin(
        timeout => $self->deadline(30),
        port    => $self->port(0),
        %opt,
        method  => $bytes =~ /^HEAD / ? 'HEAD' : 'GET',
        target  => '/',
        defer   => 1,
    );

    push @{$self->{exchanges}}, $exchange;
    $exchange->{out} = $bytes;

    return $exchange->flush;
}


sub h2 {
    my ($self, $method, $target, $headers, $body, %opt) = @_;
    return $self->request($method, $target, $headers, $body, %opt, h2 => 1);
}


sub h2_stream {
    my ($self, $method, $target, $headers, $body, %opt) = @_;
    return $self->stream($method, $target, $headers, $body, %opt, h2 => 1);
}


# n requests, c at a time: see GeminiTest::Load
sub load {
    my ($self, %arg) = @_;

    return GeminiTest::Load::run(
        port    => $self->port(0),
        timeout => $self->deadline(60),
        %arg,
    );
}


sub forget {
    my ($self, $exchange) = @_;

    @{$self->{exchanges}} = grep { $_ != $exchange } @{$self->{exchanges}};
    return;
}


sub close_clients {
    my ($self) = @_;

    $_->close for splice @{$self->{exchanges}};
    return;
}


# the status document of a pool: status('main', view => 'cells'); at
# /gemini/status[/POOL], on %%PORT_1%% when the configuration has one
sub status {
    my ($self, $pool, %query) = @_;
    my $target = '/gemini/status';

    $target .= "/$pool" if ($pool // 'main') ne 'main';
    $target .= '?' . GeminiTest::Fake::query(%query) if %query;

    my $answer = GeminiTest::Http->begin(
        port    => $self->port($self->{http_text} =~ /%%PORT_1%%/ ? 1 : 0),
        method  => 'GET',
        target  => $target,
        timeout => $self->deadline(10),
    )->finish;

    push @{$self->{outputs}}, ["GET $target", $answer->{body}];
    $self->{last_status} = $answer;

    return $answer->{json};
}


# --- the end ---

sub clean_up {
    my ($self) = @_;

    return if $self->{cleaned}++ || $self->{owner} != $$;

    $self->close_clients;
    $self->{nginx}->kill_now;

    for my $fake (@{$self->{fakes}}) {
        $fake->stop if $fake->{dir} eq $self->{dir};
    }

    if ($ENV{TEST_NGINX_KEEP} || $self->{failed}
        || !Test::More->builder->is_passing)
    {
        diag("kept $self->{dir}");

    } else {
        File::Path::remove_tree($self->{dir});
    }

    return;
}


sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);

    $self->clean_up;
    return;
}


END {
    my $code = $?;

    for my $test (grep { defined } @all) {
        next if $test->{owner} != $$ || $test->{cleaned};

        if ($test->{nginx}->is_running) {
            diag('nginx still runs at the end of the test: not checked');
            $code ||= 1;
        }

        $test->{failed} = $code;
        $test->clean_up;
    }

    $? = $code;
}


# the data blocks of a test file, see GeminiTest::Blocks
sub run {
    my ($class, $handle, %opt) = @_;

    require GeminiTest::Blocks;
    return GeminiTest::Blocks::run($handle, %opt);
}


1;
