package GeminiTest::Curl;

# The same calls as GeminiTest::Http, by curl over HTTP/2 with prior knowledge.
# complete is 1 when curl saw the stream end as it should.

use strict;
use warnings;

use File::Temp ();
use POSIX ();
use Time::HiRes 'time';

use parent 'GeminiTest::Http';


sub begin {
    my ($class, %arg) = @_;
    my $self = bless {
        timeout   => $arg{timeout} // 30,
        keep_body => $arg{keep_body} // 1,
        method    => $arg{method},
        in        => '',
        out       => '',
    }, $class;

    $self->clear;
    $self->spawn($self->command(%arg));

    return $self;
}


sub command {
    my ($self, %arg) = @_;

    # curl -N flushes the body only; the head shall come at once too
    my @command = ('stdbuf', '-o0', 'curl', '-sSNi', '--http2-prior-knowledge',
                   '--path-as-is', '-X', $arg{method},
                   '--max-time', $self->{timeout});
    my %has;

    push @command, '-I' if $arg{method} eq 'HEAD';

    for my $pair (GeminiTest::Http::pairs($arg{headers})) {
        $has{lc $pair->[0]} = 1;
        push @command, '-H', "$pair->[0]: $pair->[1]";
    }

    if (defined $arg{body}) {
        push @command, '-H', 'Content-Type: application/json'
            unless $has{'content-type'};
        push @command, '--data-binary', '@' . $self->body_file($arg{body});
    }

    return (@command, @{$arg{curl} // []},
            "http://127.0.0.1:$arg{port}$arg{target}");
}


sub body_file {
    my ($self, $body) = @_;
    my $file = $self->{file} = File::Temp->new;

    if (ref $body eq 'CODE') {
        while (defined(my $bytes = $body->())) {
            print $file $bytes;
        }

    } else {
        print $file GeminiTest::Http::bytes_of($body);
    }

    $file->flush;
    return $file->filename;
}


sub spawn {
    my ($self, @command) = @_;
    my $errors = $self->{errors} = File::Temp->new;

    pipe my $read, my $write or die "pipe: $!\n";

    my $pid = fork // die "fork: $!\n";

    if (!$pid) {
        open STDOUT, '>&', $write;
        open STDERR, '>&', $errors;
        exec @command or POSIX::_exit(127);
    }

    close $write;
    $read->blocking(0);
    @$self{qw(sock pid)} = ($read, $pid);

    return;
}


sub body_framing {
    my ($self) = @_;

    $self->{framing} = 'h2';
    $self->{state} = 'until_close';

    return 1;
}


sub ended {
    my ($self) = @_;

    $self->{state} = 'done';
    CORE::close delete $self->{sock};
    $self->reap;

    $self->{complete} = $self->{exit} == 0 && defined $self->{status} ? 1 : 0;
    $self->{error} = $self->{exit} ? $self->error_text : undef;

    return;
}


sub error_text {
    my ($self) = @_;

    open my $file, '<', $self->{errors}->filename or return;
    my $line = <$file> // '';
    chomp $line;

    return $line;
}


sub reap {
    my ($self) = @_;
    my $pid = delete $self->{pid} // return;
    local $?;

    waitpid $pid, 0;
    $self->{exit} = $? >> 8;

    return;
}


sub finish {
    my ($self, $timeout) = @_;
    my $answer = $self->SUPER::finish($timeout);

    $answer->{exit} = $self->{exit};
    return $answer;
}


sub close {
    my ($self) = @_;

    kill TERM => $self->{pid} if $self->{pid};
    $self->SUPER::close;
    $self->reap;

    return;
}


sub reset { return $_[0]->close }


sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);

    $self->close;
    return;
}


1;
