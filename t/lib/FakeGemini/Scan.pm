package FakeGemini::Scan;

# The top-level members "model" and "stream" of a JSON object that arrives in
# pieces of any size: bodies of 100 MB are read without being kept.

use Mojo::Base -strict, -signatures;

use FakeGemini::Json qw(lenient);

use constant MAX_CAPTURE => 4096;

my %wanted = (model => 1, stream => 1);


sub new ($class) {
    return bless {
        depth   => 0,
        mode    => 'out',
        key     => undef,
        string  => '',
        literal => '',
        found   => {},
    }, $class;
}


sub found ($self) {
    return $self->{found};
}


sub feed ($self, $bytes) {
    pos($bytes) = 0;

    while (pos($bytes) < length $bytes) {
        if ($self->{mode} eq 'string') {
            $self->in_string(\$bytes);

        } elsif ($self->{mode} eq 'escape') {
            $bytes =~ /\G(.)/gcs;
            $self->capture("\\$1");
            $self->{mode} = 'string';

        } else {
            $self->outside(\$bytes);
        }
    }

    return;
}


sub capture ($self, $bytes) {
    return if $self->{depth} != 1 || length $self->{string} > MAX_CAPTURE;
    $self->{string} .= $bytes;
    return;
}


sub in_string ($self, $bytes) {
    $$bytes =~ /\G([^"\\]+)/gc and $self->capture($1);
    $$bytes =~ /\G(["\\])/gc or return;

    if ($1 eq '\\') {
        $self->{mode} = 'escape';
        return;
    }

    $self->{mode} = 'out';
    return if $self->{depth} != 1 || !defined $self->{key};

    $self->{found}{$self->{key}} //= lenient(qq{"$self->{string}"});
    return;
}


sub outside ($self, $bytes) {
    if ($self->{depth} > 1) {
        $$bytes =~ /\G[^"{}\[\]]+/gc;

    } elsif ($$bytes =~ /\G([^"{}\[\],:]+)/gc) {
        $self->{literal} .= $1 if defined $self->{key};
    }

    $$bytes =~ /\G(["{}\[\],:])/gc or return;
    $self->token($1);

    return;
}


sub token ($self, $char) {
    if ($char eq '"') {
        $self->{mode} = 'string';
        $self->{string} = '';

    } elsif ($char eq '{' || $char eq '[') {
        $self->{depth}++;

    } elsif ($char eq ':' && $self->{depth} == 1) {
        my $key = lenient(qq{"$self->{string}"}) // '';
        $self->{key} = $wanted{$key} ? $key : undef;
        $self->{literal} = '';

    } elsif ($char eq ',' && $self->{depth} == 1) {
        $self->member_ends;

    } elsif ($char eq '}' || $char eq ']') {
        $self->member_ends if $self->{depth} == 1;
        $self->{depth}--;
    }

    return;
}


sub member_ends ($self) {
    my $key = $self->{key};

    if (defined $key && $self->{literal} =~ /^\s*(true|false)\s*$/) {
        $self->{found}{$key} //= $1 eq 'true' ? 1 : 0;
    }

    $self->{key} = undef;
    return;
}


1;
