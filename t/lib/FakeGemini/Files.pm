package FakeGemini::Files;

# files: of uploads, or made by a model; only the latter can be fetched.

use Mojo::Base -strict, -signatures;

use Digest::MD5 'md5_hex';
use Exporter 'import';
use FakeGemini::Json qw(data_answer o);
use FakeGemini::Store qw(rfc3339);

our @EXPORT_OK = qw(file_shown file_calls generated_file new_file stored);

use constant LIFE => 48 * 3600;


sub file_calls () {
    return (
        'files.list'     => \&list,
        'files.create'   => \&create,
        'files.get'      => \&get,
        'files.delete'   => \&remove,
        'files.download' => \&download,
        'stored'         => \&stored,
    );
}


# the file, or the name of an error and its options
sub new_file ($app, $req, $told, %made) {
    my %told = ref $told eq 'HASH' ? %$told : ();
    my ($id) = ($told{name} // '') =~ m{^(?:files/)?([a-z0-9-]{1,40})$};

    return ('bad_name', {}) if defined $told{name} && !defined $id;
    return ('exists409', {}) if defined $id && $app->store->get('files', $id);

    $made{type} ||= $told{mimeType} // $told{mime_type}
        // 'application/octet-stream';

    return $app->store->add('files', $req,
        defined $id ? (id => $id) : (),
        title   => $told{displayName} // $told{display_name},
        expires => time + LIFE,
        host    => $app->host,
        state   => $made{type} =~ /^video/ ? 'PROCESSING' : 'ACTIVE',
        source  => 'UPLOADED',
        %made,
    );
}


# of a model: its bytes follow from its name unless they are given
sub generated_file ($app, $req, $id, $type, $content = undef) {
    $content //= "what $type $id holds\n" x 1000;

    return new_file($app, $req, {name => $id},
        type    => $type,
        size    => length $content,
        md5     => md5_hex($content),
        content => $content,
        source  => 'GENERATED',
        state   => 'ACTIVE',
    );
}


sub file_shown ($item) {
    my $uri = "$item->{host}/$item->{version}/$item->{name}";

    return o(
        name           => $item->{name},
        defined $item->{title} ? (displayName => $item->{title}) : (),
        mimeType       => $item->{type},
        sizeBytes      => '' . ($item->{size} // 0),
        createTime     => rfc3339($item->{created}),
        updateTime     => rfc3339($item->{updated}),
        expirationTime => rfc3339($item->{expires}),
        uri            => $uri,
        state          => $item->{state},
        source         => $item->{source},
        $item->{source} eq 'GENERATED'
            ? (downloadUri => "$uri:download?alt=media") : (),
    );
}


sub list ($app, $req) {
    return $app->store->page('files', $req, \&file_shown);
}


sub create ($app, $req) {
    my $told = ref $req->{data} eq 'HASH' ? $req->{data}{file} // {} : {};
    my ($file, @bad) = new_file($app, $req, $told);

    return ($file, @bad) unless ref $file;
    return data_answer(o(file => file_shown($file)));
}


sub get ($app, $req) {
    my $file = $app->store->own('files', $req->{id}, $req)
        // return $app->store->refusal('files', $req->{id});

    $file->{state} = 'ACTIVE'
        if $file->{state} eq 'PROCESSING' && !$app->store->in_work($file);

    return data_answer(file_shown($file));
}


sub remove ($app, $req) {
    my $file = $app->store->own('files', $req->{id}, $req)
        // return $app->store->refusal('files', $req->{id});

    $app->store->drop($file);
    return data_answer(o());
}


# the bytes, or where they lie: that address wants no credential
sub download ($app, $req) {
    my $file = $app->store->own('files', $req->{id}, $req)
        // return $app->store->refusal('files', $req->{id});

    return ('not_generated', {}) if $file->{source} ne 'GENERATED';
    return data_answer(file_shown($file))
        if ($req->{args}{alt} // '') ne 'media';

    return bytes($file) unless defined $app->redirect;

    return {
        status => 302,
        type   => 'text/html; charset=UTF-8',
        pieces => [],
        extra_headers => [['Location', $app->redirect
                           . "/stored/$file->{id}?sign=$file->{md5}"]],
    };
}


sub stored ($app, $req) {
    my $file = $app->store->get('files', $req->{id});

    return ('multiple_credentials', {}) if $req->{credentials};
    return ('html404', {})
        if !$file || ($req->{args}{sign} // '') ne $file->{md5};

    return bytes($file);
}


sub bytes ($file) {
    return {
        status => 200,
        type   => $file->{type},
        pieces => [$file->{content}],
    };
}


1;
