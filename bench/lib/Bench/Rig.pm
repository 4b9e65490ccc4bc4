package Bench::Rig;

# What a run stands on: a directory, the upstream, contenders started and
# stopped, and wrk's figures beside the CPU time of the process under test.

use strict;
use warnings;

use Bench::Conf;
use Bench::Proc;
use File::Path ();
use FakeGemini::Tls 'make_certificates';
use Time::HiRes qw(sleep time);

use constant PATH => '/v1beta/models/' . Bench::Conf::MODEL
                     . ':generateContent';

my %texts = (
    plain    => \&Bench::Conf::plain,
    control  => \&Bench::Conf::plain,
    failover => \&Bench::Conf::failover,
    again    => \&Bench::Conf::failover,
    lua      => \&Bench::Conf::rotator,
    ours     => \&Bench::Conf::ours,
    haproxy  => \&Bench::Conf::haproxy,
);


# new(root => .., dir => .., module => .., nginx => ..)
sub new {
    my ($class, %self) = @_;
    my $self = bless { %self, serial => 0 }, $class;

    File::Path::remove_tree($self->{dir});
    File::Path::make_path("$self->{dir}/upstream", "$self->{dir}/tls");
    make_certificates("$self->{dir}/tls");

    $self->{request} = Bench::Proc::write_file("$self->{dir}/request.json",
                                               request());

    $self->start_upstream();

    return $self;
}


# 330 bytes, as a short prompt is
sub request {
    my $text = join(' ', ('Say what a quota of a project is.') x 6);

    return qq({"contents":[{"role":"user","parts":[{"text":"$text"}]}],)
           . '"generationConfig":{"temperature":0.7,'
           . qq("maxOutputTokens":512}}\n);
}


sub start_upstream {
    my ($self) = @_;
    my $dir = "$self->{dir}/upstream";

    $self->{$_} = Bench::Proc::port() for qw(upstream refusing tls_port);

    answer_file("$dir/64k.json", 64 * 1024);
    answer_file("$dir/10m.json", 10 * 1024 * 1024);

    $self->{upstream_pid} = $self->start_nginx($dir, Bench::Proc::LOAD_CPU,
        Bench::Conf::upstream({
            dir      => $dir,
            root     => $self->{root},
            port     => $self->{upstream},
            refusing => $self->{refusing},
            tls_port => $self->{tls_port},
            tls      => "$self->{dir}/tls",
        }));

    Bench::Proc::await_port($self->{upstream}, "$dir/error.log");

    return;
}


# an answer with one base64 string, padded to so many bytes
sub answer_file {
    my ($path, $size) = @_;
    my $text = Bench::Conf::small();
    my $image = ' { "inlineData": { "mimeType": "image/png", "data": "';
    my $fill = $size - length($text) - length($image) - 5;
    my $data = join('', map { chr(ord('A') + $_ % 26) } 1 .. 4096);

    $data x= 1 + int($fill / 4096);
    $data = substr($data, 0, $fill);

    $text =~ s/"parts": \[\K/$image$data" } },/;
    Bench::Proc::write_file($path, $text);

    return;
}


sub start_nginx {
    my ($self, $dir, $cpu, $text, %opt) = @_;

    File::Path::make_path($dir);
    my $conf = Bench::Proc::write_file("$dir/nginx.conf", $text);
    my @wrap = $opt{wrap} ? $opt{wrap}->($dir) : ();

    return Bench::Proc::start($cpu, "$dir/out.log", $opt{env} // {}, @wrap,
                              $self->{nginx}, '-p', $dir, '-c', $conf, '-g',
                              'daemon off;'
                                  . (@wrap ? 'master_process off;' : ''));
}


# a contender of this kind, ready: name, port, pid (of the worker); wrap gives
# the command that it runs under, as one process
sub contender {
    my ($self, $name, %opt) = @_;
    my $dir = "$self->{dir}/$name-" . ++$self->{serial};
    my %conf = (
        upstream => $self->{upstream},
        ca       => "$self->{dir}/tls/ca.pem",
        %opt,
        dir      => $dir,
        root     => $self->{root},
        module   => $self->{module},
        port     => Bench::Proc::port(),
    );
    my $c = { name => $name, port => $conf{port}, dir => $dir };

    File::Path::make_path($dir);

    my $text = $texts{$name}->(\%conf);

    if ($name eq 'haproxy') {
        my $file = Bench::Proc::write_file("$dir/haproxy.cfg", $text);
        my @wrap = $opt{wrap} ? $opt{wrap}->($dir) : ();

        $c->{master} = Bench::Proc::start(Bench::Proc::PROXY_CPU,
                                          "$dir/out.log", @wrap, 'haproxy',
                                          '-db', '-f', $file);

    } else {
        $c->{master} = $self->start_nginx($dir, Bench::Proc::PROXY_CPU,
                                          $text, %opt);
    }

    Bench::Proc::await_port($c->{port}, "$dir/out.log", 60);
    $c->{pid} = Bench::Proc::worker($c->{master},
                                    $name ne 'haproxy' && !$opt{wrap});
    $c->{resident} = Bench::Proc::kilobytes($c->{pid}, 'status', 'VmRSS');

    return $c;
}


# .. whose turns of the event loop are timed: it, and a sub that tells of the
# turns since it was last called
sub timed_contender {
    my ($self, $name, %opt) = @_;
    my $file = "$self->{dir}/turns-" . ($self->{serial} + 1);
    my $c = $self->contender($name, %opt, env => {
        LD_PRELOAD  => "$self->{root}/build/bench-turns.so",
        BENCH_TURNS => $file,
    });
    my $read = sub {
        my %turns;

        @turns{qw(turns longest sum over)}
            = unpack('Q4', Bench::Proc::read_file($file));

        # cleared in place: the worker has it mapped
        open(my $f, '+<', $file) or die "bench: $file: $!\n";
        print $f "\0" x 32;
        close($f);

        return \%turns;
    };

    return ($c, $read);
}


sub stop {
    my ($self, $c) = @_;

    Bench::Proc::stop($c->{scraper}) if $c->{scraper};
    Bench::Proc::stop($c->{master});

    return;
}


# asks for the status once a second, as a monitor does
sub scrape {
    my ($self, $c) = @_;

    $c->{scraper} = Bench::Proc::start(Bench::Proc::LOAD_CPU,
        "$c->{dir}/scraper.log", $^X, "$self->{root}/bench/scrape",
        $c->{port}, '/gemini/status');

    return;
}


# one run of wrk: requests, errors, seconds, p50, p99, cpu (us a request)
sub wrk {
    my ($self, $c, %opt) = @_;
    my $before = $c->{pid} ? Bench::Proc::cpu_ns($c->{pid}) : 0;
    my $out = Bench::Proc::run(Bench::Proc::LOAD_CPU, 'wrk', '-t1',
        '-c' . $opt{connections}, '-d' . $opt{seconds} . 's',
        '--timeout', '20s', '-s', "$self->{root}/bench/wrk.lua",
        "http://127.0.0.1:$c->{port}" . ($opt{path} // PATH), '--',
        'POST', $opt{body} // $self->{request},
        'Content-Type=application/json', 'x-goog-api-key=client',
        @{ $opt{headers} // [] });
    my $after = $c->{pid} ? Bench::Proc::cpu_ns($c->{pid}) : 0;

    my ($requests, $errors, $us, $p50, $p99)
        = $out =~ /^bench (\d+) (\d+) (\d+) (\d+) (\d+)$/m
        or die "bench: wrk says: $out\n";

    die "bench: no request came through $c->{name}, see $c->{dir}\n"
        if $requests == 0;

    return {
        requests => $requests,
        errors   => $errors,
        seconds  => $us / 1e6,
        rate     => $requests / $us * 1e6,
        p50      => $p50,
        p99      => $p99,
        cpu      => ($after - $before) / 1000 / $requests,
    };
}


# connections that the upstream has accepted ever
sub accepted {
    my ($self, $port) = @_;
    my (undef, undef, $body) = Bench::Proc::get($port, '/status');

    return $body =~ /^\s*(\d+) \d+ \d+/m ? $1 : die "bench: no stub_status\n";
}


1;
