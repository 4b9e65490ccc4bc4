package FakeGemini::RefScan;

# The references in a body that is too long to be kept: as it flies by, those
# members are picked out whose values are strings or lists of them.

use Mojo::Base -strict, -signatures;

use FakeGemini::Json qw(lenient);
use FakeGemini::Refs qw(is_reference);

use constant {
    KEEP_TAIL  => 4096,
    MAX_STRING => 4 << 20,
};

my $name = is_reference();
my $string = qr/"[^"\\]*(?:\\.[^"\\]*)*"/s;


sub new ($class) {
    return bless {tail => '', seen => {}, found => []}, $class;
}


# pairs of a member's name and a value, each once
sub found ($self) {
    return $self->{found};
}


sub feed ($self, $bytes) {
    my $text = $self->{tail} . $bytes;

    while ($text =~ /"($name)"\s*:\s*(?:($string)|\[([^\]]*)\])/g) {
        my ($member, $value, $list) = ($1, $2, $3);
        my @values = defined $value ? $value : $list =~ /($string)/g;
        $self->note($member, lenient($_)) for @values;
    }

    # a value that goes on is kept from its name on
    my $begun = qr/"[^"\\]*(?:\\.[^"\\]*)*\\?|\[[^\]]*/s;
    my $keep = $text =~ /("(?:$name)"\s*:\s*(?:$begun))\z/
        && length $1 < MAX_STRING ? length $1 : 0;

    $keep = KEEP_TAIL if $keep < KEEP_TAIL;
    $self->{tail} = length $text > $keep ? substr $text, -$keep : $text;

    return;
}


sub note ($self, $member, $value) {
    return if ref $value || !defined $value;
    push @{$self->{found}}, [$member, $value]
        unless $self->{seen}{"$member\0$value"}++;
    return;
}


1;
