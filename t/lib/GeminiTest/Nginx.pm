package GeminiTest::Nginx;

# The nginx process of a test: start, reload, stop, and who its workers are.
# What happens is read from the error log and waited for, never slept for.

use strict;
use warnings;

use POSIX ':sys_wait_h';
use Time::HiRes qw(sleep time);

my %version;


sub new {
    my ($class, %arg) = @_;
    return bless {%arg, generation => 0, expected => 1}, $class;
}


sub binary { return $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx' }


# nginx -V
sub version {
    my $binary = binary();

    return $version{$binary} //= do {
        local $?;
        local $ENV{ASAN_OPTIONS} = asan_options();
        scalar `$binary -V 2>&1` // '';
    };
}


sub asan_options {
    return $ENV{ASAN_OPTIONS} // 'detect_odr_violation=0:detect_leaks=0';
}


# the module to load; empty: it is built in, or not wanted
sub module {
    my $told = $ENV{TEST_NGINX_MODULE};

    return $told if defined $told;
    return GeminiTest::root() . '/build/ngx_http_gemini_router_module.so';
}


sub log_level {
    return $ENV{TEST_NGINX_DEBUG} && version() =~ /--with-debug/
        ? 'debug' : 'info';
}


sub write_conf {
    my ($self, $text) = @_;

    GeminiTest::Fake::write_file("$self->{dir}/nginx.conf", $text);
    ($self->{expected}) = $text =~ /^\s*worker_processes\s+(\d+)/m;
    $self->{expected} //= 1;

    return;
}


sub log_text {
    my ($self, $since) = @_;
    my $text = GeminiTest::Fake::read_file("$self->{dir}/error.log");

    return $since ? substr $text, $since : $text;
}


sub mark {
    my ($self) = @_;
    return -s "$self->{dir}/error.log" || 0;
}


sub command {
    my ($self, @more) = @_;
    return (binary(), '-p', "$self->{dir}/", '-c', "$self->{dir}/nginx.conf",
            @more);
}


sub valgrind {
    my ($self) = @_;
    my $kind = $ENV{TEST_NGINX_VALGRIND} || return;
    my $suppressions = GeminiTest::root() . '/util/valgrind.supp';

    return ('valgrind', "--log-file=$self->{dir}/valgrind.%p.log",
            '--num-callers=30', '--gen-suppressions=all',
            $kind eq 'leak'
                ? ('--leak-check=full', '--errors-for-leak-kinds=definite')
                : '--leak-check=no',
            -e $suppressions ? "--suppressions=$suppressions" : ());
}


# what a child gets: our environment without the keys of whoever runs the test
sub set_env {
    my ($self) = @_;

    delete @ENV{grep { /^(?:GEMINI|GOOGLE)_API_KEY/ } keys %ENV};
    $ENV{ASAN_OPTIONS} = asan_options();
    $ENV{UBSAN_OPTIONS} //= 'print_stacktrace=1';
    %ENV = (%ENV, %{$self->{test}{env}});

    return;
}


# the kernel shall end nginx when the test dies by SIGKILL
sub die_with_parent {
    my %number = (x86_64 => 157, aarch64 => 167);
    my $prctl = $number{(POSIX::uname())[4]} // return;

    syscall $prctl, 1, POSIX::SIGTERM(), 0, 0, 0;
    return;
}


sub spawn {
    my ($self, $output, @command) = @_;
    my $pid = fork // die "fork: $!\n";

    return $pid if $pid;

    $self->set_env;
    die_with_parent();
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', $output;
    open STDERR, '>&', \*STDOUT;
    exec @command or POSIX::_exit(127);
}


sub start {
    my ($self) = @_;
    my $output = "$self->{dir}/output.log";
    my $mark = $self->mark;

    die "nginx runs already\n" if $self->is_running;

    $self->{generation} = $mark;
    $self->{exit} = undef;
    $self->{daemonized} = 0;
    $self->{master} = $self->spawn($output, $self->valgrind, $self->command);
    $self->wait_daemon($output) if $self->{test}{daemon};

    my $up = $self->{test}->wait_for(sub {
        return -1 if !$self->is_running;
        return $self->started_since($mark) >= $self->{expected};
    }, 20);

    return if $up && $up > 0;

    $self->kill_now;
    die "nginx does not start: "
        . GeminiTest::Fake::read_file($output) . $self->log_text($mark);
}


# the first process leaves, the pid file names the master
sub wait_daemon {
    my ($self, $output) = @_;

    waitpid delete $self->{master}, 0;
    die "nginx does not start: " . GeminiTest::Fake::read_file($output)
        if $?;

    my $path = "$self->{dir}/nginx.pid";

    $self->{test}->wait_for(sub { -s $path }, 10);
    ($self->{master}) = GeminiTest::Fake::read_file($path) =~ /(\d+)/;
    $self->{daemonized} = 1;

    return;
}


sub is_running {
    my ($self) = @_;
    my $pid = $self->{master} // return 0;

    return kill(0, $pid) ? 1 : 0 if $self->{daemonized};

    local $?;
    return 1 if waitpid($pid, WNOHANG) == 0;

    $self->{exit} //= $?;
    $self->{master} = undef;

    return 0;
}


sub started_since {
    my ($self, $mark) = @_;
    my @pids = $self->log_text($mark) =~ /start worker process (\d+)/g;

    return scalar @pids;
}


# pids of workers that live: those of this generation, and older ones
sub alive {
    my ($self) = @_;
    my $text = $self->log_text;
    my (%place, %gone);

    $place{$1} = $-[0] while $text =~ /start worker process (\d+)/g;
    $gone{$1} = $-[0] while $text =~ /worker process (\d+) exited/g;

    my @alive = grep { ($gone{$_} // -1) < $place{$_} && kill 0, $_ }
        sort { $place{$a} <=> $place{$b} } keys %place;

    return ([grep { $place{$_} >= $self->{generation} } @alive],
            [grep { $place{$_} < $self->{generation} } @alive]);
}


sub workers {
    my ($self) = @_;
    my ($new) = $self->alive;

    return @$new;
}


sub old_workers {
    my ($self) = @_;
    my ($new, $old) = $self->alive;

    return @$old;
}


sub signal {
    my ($self, $name) = @_;
    return kill $name => $self->{master} // return 0;
}


sub reload {
    my ($self, %opt) = @_;
    my $mark = $self->mark;

    $self->signal('HUP');

    my $done = $self->{test}->wait_for(sub {
        return 1 if $self->started_since($mark) >= $self->{expected};
        return -1 if $self->log_text($mark) =~ /\[emerg\]/;
        return -1 if !$self->is_running;
        return 0;
    }, 20);

    die "no new workers after a reload\n" unless $done;
    return 0 if $done < 0;

    $self->{generation} = $mark;

    if ($opt{gone}) {
        $self->{test}->wait_for(sub { !$self->old_workers }, 30)
            or die "old workers do not leave after a reload\n";
    }

    return 1;
}


# a quiet end is asked for, since only that tells of sockets left open
sub stop {
    my ($self, %opt) = @_;
    my @signals = ($opt{signal} // 'QUIT', 'TERM', 'KILL');

    for my $signal (@signals) {
        $self->signal($signal);
        last if $self->{test}->wait_for(sub { !$self->is_running }, 10);
        push @{$self->{stuck}}, $signal;
    }

    $self->{master} = undef;
    return;
}


sub kill_now {
    my ($self) = @_;

    return unless $self->is_running;

    my @workers = ($self->workers, $self->old_workers);

    for my $signal (qw(TERM KILL)) {
        $self->signal($signal);
        last if $self->{test}->wait_for(sub { !$self->is_running }, 5);
        kill KILL => @workers;
    }

    $self->{master} = undef;
    return;
}


sub configtest {
    my ($self) = @_;
    my $output = "$self->{dir}/configtest.out";

    unlink $output;

    my $pid = $self->spawn($output, $self->command('-t'));

    waitpid $pid, 0;
    my $code = $? & 127 || $? >> 8;

    return ($code, GeminiTest::Fake::read_file($output));
}


1;
