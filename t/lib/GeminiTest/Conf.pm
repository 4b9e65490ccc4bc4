package GeminiTest::Conf;

# The text of nginx.conf: what surrounds a test's own lines, and the %%WORDS%%
# in them.

use strict;
use warnings;


# %%PORT_0%% %%FAKE%% %%FAKE_1%% %%DIR%% %%ROOT%% %%CA%% %%GEMINI_UPSTREAM%%
sub expand {
    my ($test, $text) = @_;
    my %word = (
        DIR             => sub { $test->dir },
        ROOT            => sub { $test->root },
        CA              => sub { $test->dir . '/tls/ca.pem' },
        GEMINI_UPSTREAM => sub { upstream_location($test) },
    );

    $text =~ s/%%PORT_(\d+)%%/$test->port($1)/ge;
    $text =~ s/%%FAKE(?:_(\d+))?%%/fake($test, $1 || 0)->address/ge;
    $text =~ s{%%([A-Z_]+)%%}{
        my $make = $word{$1} or die "unknown word %%$1%%\n";
        $make->();
    }ge;

    return $text;
}


sub fake {
    my ($test, $n) = @_;

    return $test->{fakes}[$n] || die "no fake $n has been started\n";
}


# the internal location of design.md, towards the first fake, with the shipped
# settings
sub upstream_location {
    my ($test) = @_;
    my $fake = fake($test, 0);
    my $scheme = $fake->{tls} ? 'https' : 'http';
    my $address = $fake->address;
    my $settings = settings($test, $fake);

    return <<"END";
location = /gemini-upstream {
    internal;
    proxy_pass $scheme://$address;
    $settings
}
END
}


sub settings {
    my ($test, $fake) = @_;
    my $path = $test->root . '/conf/gemini_proxy.conf';
    my $text = GeminiTest::Fake::read_file($path);
    my $ca = $fake->ca;

    return "include $path;" if $text ne '' && !$fake->{tls};

    $text = <<'END' if $text eq '';
proxy_http_version 1.1;
proxy_set_header Host generativelanguage.googleapis.com;
proxy_set_header Connection "";
proxy_next_upstream off;
proxy_ssl_name generativelanguage.googleapis.com;
proxy_ssl_server_name on;
proxy_ssl_verify on;
proxy_ssl_protocols TLSv1.2 TLSv1.3;
client_max_body_size 0;
END

    # the fake has an authority of its own
    $text =~ s/^\s*proxy_ssl_trusted_certificate\s[^;]*;//m;

    return $text . "    proxy_ssl_trusted_certificate $ca;";
}


# a whole file around the http level that a test gives
sub wrap {
    my ($test, %part) = @_;
    my $dir = $test->dir;
    my $nginx = $test->{nginx};
    my $module = $nginx->module;
    my $load = $module eq '' ? '' : "load_module $module;";
    my $daemon = $test->{daemon} ? 'on' : 'off';
    my $level = $nginx->log_level;
    my $user = $> == 0 && $part{main} !~ /^\s*user\s/m
        ? 'user nobody nogroup;' : '';
    my $globals = $ENV{TEST_NGINX_GLOBALS} // '';
    my $globals_http = $ENV{TEST_NGINX_GLOBALS_HTTP} // '';

    return <<"END";
$load
daemon $daemon;
master_process on;
worker_processes $test->{workers};
$user
pid $dir/nginx.pid;
error_log $dir/error.log $level;
$globals
$part{main}

events {
    worker_connections 4096;
    $part{events}
}

http {
    access_log $dir/access.log;
    client_body_temp_path $dir/client_body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    $globals_http

$part{http}
}
END
}


1;
