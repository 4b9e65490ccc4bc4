package Bench::Proc;

# Processes of the benchmark: started on a core of their own, their CPU time
# in nanoseconds, ended by their pid.

use strict;
use warnings;

use File::Path ();
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

use constant {
    PROXY_CPU => 0,         # the contenders
    LOAD_CPU  => 1,         # upstream, load, scraper
};

my %running;
my $owner = $$;

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP PIPE);

END {
    if ($$ == $owner) {
        my $code = $?;
        stop($_) for keys %running;
        $? = $code;
    }
}


# a port that is free just now
sub port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die "bench: no free port: $!\n";

    return $socket->sockport;
}


sub write_file {
    my ($path, $text) = @_;

    open(my $f, '>', $path) or die "bench: $path: $!\n";
    print $f $text;
    close($f) or die "bench: $path: $!\n";

    return $path;
}


sub read_file {
    my ($path) = @_;

    open(my $f, '<', $path) or return;
    local $/;
    return scalar <$f>;
}


# start(cpu, log, command ..), environment by env => {..} in front
sub start {
    my ($cpu, $log, @command) = @_;
    my $env = ref $command[0] ? shift @command : {};
    my $pid = fork() // die "bench: fork: $!\n";

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>>', $log) or POSIX::_exit(126);
        open(STDERR, '>&', \*STDOUT);
        $ENV{$_} = $env->{$_} for keys %$env;
        exec('taskset', '-c', $cpu, @command) or POSIX::_exit(127);
    }

    $running{$pid} = 1;

    return $pid;
}


# the output of a command on a core; dies if it fails
sub run {
    my ($cpu, @command) = @_;

    open(my $out, '-|', 'taskset', '-c', $cpu, @command)
        or die "bench: $command[0]: $!\n";
    my $text = do { local $/; <$out> } // '';
    close($out) or die "bench: failed: @command\n$text";

    return $text;
}


sub stop {
    my ($pid, $signal) = @_;

    return if !delete $running{$pid};

    kill($signal // 'TERM', $pid);
    my $deadline = time + 60;

    while (waitpid($pid, POSIX::WNOHANG()) == 0) {
        kill('KILL', $pid) if time > $deadline;
        sleep(0.01);
    }

    return;
}


sub await {
    my ($what, $test, $seconds) = @_;
    my $deadline = time + ($seconds // 20);

    until ($test->()) {
        die "bench: waited in vain for $what\n" if time > $deadline;
        sleep(0.01);
    }

    return;
}


sub await_port {
    my ($port, $log, $seconds) = @_;

    await("port $port, see $log", sub {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
    }, $seconds);

    return;
}


sub children {
    my ($pid) = @_;

    return split(' ', read_file("/proc/$pid/task/$pid/children") // '');
}


# the one that works: a child if there must be one
sub worker {
    my ($pid, $child) = @_;

    return $pid if !$child;

    await("a worker of $pid", sub { children($pid) });

    return (children($pid))[0];
}


sub cpu_ns {
    my ($pid) = @_;
    my ($ns) = split(' ', read_file("/proc/$pid/schedstat") // '');

    return $ns // die "bench: process $pid has gone\n";
}


# bytes that passed by read() and write() of all kinds
sub moved {
    my ($pid) = @_;
    my $sum = 0;

    $sum += $_ for (read_file("/proc/$pid/io") // '') =~ /^[rw]char: (\d+)/mg;

    return $sum;
}


# kilobytes, by the name of a line of a file below /proc/PID
sub kilobytes {
    my ($pid, $file, $name) = @_;

    return (read_file("/proc/$pid/$file") // '') =~ /^\Q$name\E:\s+(\d+)/m
           ? $1 : die "bench: no $name of process $pid\n";
}


# a small HTTP/1.0 client: status, head, body
sub get {
    my ($port, $target) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
                                       Timeout => 10)
        or die "bench: port $port: $!\n";

    print $socket "GET $target HTTP/1.0\r\nHost: localhost\r\n\r\n";
    my $text = do { local $/; <$socket> } // '';
    my ($head, $body) = split(/\r\n\r\n/, $text, 2);
    my ($status) = ($head // '') =~ m{^HTTP/\S+ (\d+)};

    return ($status // 0, $head, $body);
}


1;
