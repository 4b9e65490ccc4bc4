package FakeGemini::Long;

# What a request must bring back as it was given: continuation tokens, of one
# project and one model, and thought signatures, of one model.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use MIME::Base64 qw(decode_base64 encode_base64);

our @EXPORT_OK = qw(make_signature make_token signature_trouble token_trouble);

use constant {
    TOKEN     => 'fake continuation',
    SIGNATURE => 'fake signature',
};


my $made = 0;


# size: about so many bytes; no two are the same
sub make_token ($req, $interaction, $size) {
    my $text = join "\n", TOKEN, $req->{project} // '', $req->{model} // '',
        $interaction // '', ++$made, '';
    my $left = int(($size - 1) * 3 / 4) - length $text;

    return encode_base64($text . ('x' x ($left > 0 ? $left : 0)), '');
}


sub token_trouble ($value, $req) {
    my ($is, $project, $model, $interaction)
        = split /\n/, decode_base64($value);
    my $body = ref $req->{data} eq 'HASH' ? $req->{data} : {};
    my $before = $body->{previous_interaction_id} // '';

    return ('token400', {})
        if ($is // '') ne TOKEN || $project ne ($req->{project} // '')
        || $model ne ($req->{model} // '')
        || ($interaction // '') ne '' && ($body->{store} // 1)
           && $before ne $interaction;

    return;
}


sub make_signature ($req) {
    return encode_base64(join("\n", SIGNATURE, $req->{model} // '', ''), '');
}


# one that is not of this fake's making is nobody's, and passes
sub signature_trouble ($value, $req) {
    my ($is, $model) = split /\n/, decode_base64($value);

    return if ($is // '') ne SIGNATURE || $model eq ($req->{model} // '');
    return ('signature_model', {});
}


1;
