package FakeGemini::Json;

# JSON as Google writes it: members in a fixed order, two spaces of indent in
# unary answers and errors, one line with ": " and ", " in stream events.

use Mojo::Base -strict, -signatures;

use Cpanel::JSON::XS ();
use Exporter 'import';

our @EXPORT_OK = qw(data_answer o line pretty lenient text);

my $scalar = Cpanel::JSON::XS->new->utf8->allow_nonref;
my $lenient = Cpanel::JSON::XS->new->utf8->relaxed->allow_singlequote
    ->allow_barekey->allow_nonref;


# an object whose members keep their order
sub o (@pairs) {
    return bless [@pairs], 'FakeGemini::Json::Object';
}


# a good answer with such a body
sub data_answer ($data) {
    return {
        status => 200,
        type   => 'application/json; charset=UTF-8',
        pieces => [pretty($data) . "\n"],
    };
}


# what Google's own parser takes: single quotes, trailing commas
sub lenient ($bytes) {
    my $data = eval { $lenient->decode($bytes) };
    return $data;
}


sub text ($string) {
    return $scalar->encode($string);
}


sub members ($value) {
    my $type = ref $value;

    return [map { [$_, $value->{$_}] } sort keys %$value] if $type eq 'HASH';

    my @pairs;
    for (my $i = 0; $i < @$value; $i += 2) {
        push @pairs, [$value->[$i], $value->[$i + 1]];
    }

    return \@pairs;
}


sub is_object ($value) {
    return ref $value eq 'HASH' || ref $value eq 'FakeGemini::Json::Object';
}


sub line ($value) {
    if (is_object($value)) {
        my @parts = map { text($_->[0]) . ': ' . line($_->[1]) }
            @{members($value)};
        return '{' . join(', ', @parts) . '}';
    }

    return '[' . join(', ', map { line($_) } @$value) . ']'
        if ref $value eq 'ARRAY';

    return $scalar->encode($value);
}


sub pretty ($value, $indent = '') {
    my $inner = "$indent  ";

    if (is_object($value)) {
        my @parts = map {
            $inner . text($_->[0]) . ': ' . pretty($_->[1], $inner)
        } @{members($value)};
        return '{}' unless @parts;
        return "{\n" . join(",\n", @parts) . "\n$indent}";
    }

    if (ref $value eq 'ARRAY') {
        return '[]' unless @$value;
        return "[\n"
            . join(",\n", map { $inner . pretty($_, $inner) } @$value)
            . "\n$indent]";
    }

    return $scalar->encode($value);
}


1;
